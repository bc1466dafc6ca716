//! What a benchmark found: a table for people, JSON for programs, Markdown for the documentation.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde::Serialize;

use crate::error::BenchError;

/// What a line is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "value")]
pub enum Target {
    /// The ratio to the reference is at least this.
    RatioAtLeast(f64),
    /// The ratio to the reference is at most this.
    RatioAtMost(f64),
    /// The ratio lies no further than this share from one.
    RatioWithin(f64),
    /// The figure is at least this.
    AtLeast(f64),
    /// The figure is at most this.
    AtMost(f64),
    /// The figure is exactly this.
    Exactly(f64),
}

/// How a line compares with its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It meets it.
    Ok,
    /// It does not.
    Short,
}

/// Something else measured in the same run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    /// What it is.
    pub name: String,
    /// Its figure, in the line's unit.
    pub figure: f64,
    /// How far its own readings lie apart, as a share of their mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What was measured.
    pub name: String,
    /// The figure; none where it could not be measured, and `note` says why.
    pub figure: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// Median latency in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// Latency that one in a hundred exceeds, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Figure by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// What it is judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The judgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What else is to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Line {
    /// A figure.
    pub fn new(name: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            figure: Some(figure),
            unit,
            p50_ms: None,
            p99_ms: None,
            reference: None,
            ratio: None,
            target: None,
            verdict: None,
            note: None,
        }
    }

    /// Something that could not be measured, and why.
    pub fn absent(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { figure: None, note: Some(why.into()), ..Self::new(name, 0.0, "") }
    }

    /// With latencies.
    pub fn latency(mut self, p50_ms: Option<f64>, p99_ms: Option<f64>) -> Self {
        (self.p50_ms, self.p99_ms) = (p50_ms, p99_ms);
        self
    }

    /// With a reference.
    pub fn against(mut self, name: impl Into<String>, figure: f64, spread: Option<f64>) -> Self {
        self.ratio = self.figure.filter(|_| figure > 0.0).map(|own| own / figure);
        self.reference = Some(Reference { name: name.into(), figure, spread });
        self
    }

    /// With a ratio that was not made of the two figures but of readings side by side.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
        self
    }

    /// With a target. A line without a figure meets none and misses none.
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self.verdict = self.figure.map(|figure| {
            let ratio = self.ratio.unwrap_or(f64::NAN);
            let met = match target {
                Target::RatioAtLeast(least) => ratio >= least,
                Target::RatioAtMost(most) => ratio <= most,
                Target::RatioWithin(share) => (ratio - 1.0).abs() <= share,
                Target::AtLeast(least) => figure >= least,
                Target::AtMost(most) => figure <= most,
                Target::Exactly(value) => figure == value,
            };
            if met { Verdict::Ok } else { Verdict::Short }
        });
        self
    }

    /// With something to be known.
    pub fn note(mut self, note: Option<String>) -> Self {
        self.note = note.or(self.note);
        self
    }
}

impl Target {
    fn shown(self) -> String {
        match self {
            Self::RatioAtLeast(value) => format!("≥ {value} ×"),
            Self::RatioAtMost(value) => format!("≤ {value} ×"),
            Self::RatioWithin(share) => format!("1 × ± {:.0} %", share * 100.0),
            Self::AtLeast(value) => format!("≥ {}", number(value)),
            Self::AtMost(value) => format!("≤ {}", number(value)),
            Self::Exactly(value) => format!("= {}", number(value)),
        }
    }
}

/// A table of its own beside the lines, for the documentation too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The name between the markers of the documentation.
    pub name: String,
    /// The first row.
    pub head: Vec<String>,
    /// The others.
    pub rows: Vec<Vec<String>>,
}

/// What a benchmark found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The benchmark.
    pub name: &'static str,
    /// When it ended (RFC 3339, UTC).
    pub at: String,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Processors of the machine.
    pub cores: usize,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its tables.
    pub tables: Vec<Table>,
}

impl Report {
    /// One without lines yet.
    pub fn new(name: &'static str) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self { name, at: String::new(), took_s: 0.0, cores, lines: Vec::new(), tables: Vec::new() }
    }

    /// Lines that miss their target.
    pub fn short(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict == Some(Verdict::Short)).count()
    }

    /// Writes `NAME-<UTC>.json` and `NAME-latest.json` into a folder; answers the first's name.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, folder: &Path) -> Result<PathBuf, BenchError> {
        let now = Utc::now();
        self.at = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let text = serde_json::to_string_pretty(self).map_err(BenchError::failed)?;
        let path = folder.join(format!("{}-{}.json", self.name, now.format("%Y%m%dT%H%M%SZ")));
        let failed = || BenchError::system("cannot write the results");
        std::fs::create_dir_all(folder).map_err(failed())?;
        std::fs::write(&path, &text).map_err(failed())?;
        std::fs::write(folder.join(format!("{}-latest.json", self.name)), text).map_err(failed())?;
        Ok(path)
    }

    /// The table of lines: one row each.
    pub fn table(&self) -> Table {
        let row = |line: &Line| {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            let reference = line.reference.as_ref().map(|one| {
                let spread =
                    one.spread.map_or_else(String::new, |spread| format!(" ± {:.0} %", spread * 50.0));
                format!("{} {}{spread}", one.name, number(one.figure))
            });
            let verdict = line.verdict.map(|verdict| if verdict == Verdict::Ok { "ok" } else { "short" });
            vec![
                line.name.clone(),
                or_dash(line.figure.map(|figure| format!("{} {}", number(figure), line.unit))),
                or_dash(line.p50_ms.map(milliseconds)),
                or_dash(line.p99_ms.map(milliseconds)),
                or_dash(reference),
                or_dash(line.ratio.map(|ratio| format!("{ratio:.2} ×"))),
                or_dash(line.target.map(Target::shown)),
                verdict.unwrap_or_default().to_owned(),
                line.note.clone().unwrap_or_default(),
            ]
        };
        let head = ["what", "figure", "p50", "p99", "reference", "ratio", "target", "", "note"];
        Table {
            name: self.name.to_owned(),
            head: head.map(str::to_owned).to_vec(),
            rows: self.lines.iter().map(row).collect(),
        }
    }
}

impl Table {
    /// In columns, for a terminal.
    pub fn columns(&self) -> String {
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(line, "{cell:width$}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}\n", "---|".repeat(self.head.len()));
        let rows: String = self.rows.iter().map(|one| row(one)).collect();
        format!("{}{rule}{rows}", row(&self.head))
    }

    /// Puts it between its markers in a document.
    ///
    /// # Errors
    /// When the document has none.
    pub fn put_into(&self, document: &str) -> Result<String, BenchError> {
        let (begin, end) = (format!("<!-- {}: begin -->", self.name), format!("<!-- {}: end -->", self.name));
        let parts =
            document.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let (before, after) =
            parts.ok_or_else(|| BenchError::failed(format!("the document has no `{begin}` … `{end}`")))?;
        Ok(format!("{before}{begin}\n{}{end}{after}", self.markdown()))
    }
}

/// A figure with three digits that matter, thousands apart.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 100.0 || value == value.round() {
        return thousands(&format!("{value:.0}"));
    }
    if magnitude >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

fn thousands(digits: &str) -> String {
    let length = digits.len();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (length - place).is_multiple_of(3) && text != "-" {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A latency for people.
pub fn milliseconds(value: f64) -> String {
    format!("{} ms", number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new("holds", 19_024.4, "/s").latency(Some(12.34), Some(28.0))
    }

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> =
            [0.0, 0.123, 9.876, 12.34, 500.0, 1_234_567.8, -1_000.0].map(number).to_vec();
        assert_eq!(shown, ["0", "0.12", "9.88", "12.3", "500", "1,234,568", "-1,000"]);
    }

    #[test]
    fn targets_judge_ratios_and_figures() {
        let judged = |line: Line, target| line.target(target).verdict.unwrap();
        assert_eq!(judged(line().against("pgbench", 9_000.0, None), Target::RatioAtLeast(1.5)), Verdict::Ok);
        assert_eq!(
            judged(line().against("pgbench", 19_000.0, None), Target::RatioAtLeast(1.5)),
            Verdict::Short
        );
        assert_eq!(
            judged(line().against("before", 24_000.0, None), Target::RatioWithin(0.2)),
            Verdict::Short
        );
        assert_eq!(judged(line().against("before", 20_000.0, None), Target::RatioWithin(0.2)), Verdict::Ok);
        assert_eq!(judged(Line::new("held", 500.0, ""), Target::Exactly(500.0)), Verdict::Ok);
        assert_eq!(judged(Line::new("held", 501.0, ""), Target::Exactly(500.0)), Verdict::Short);
        assert_eq!(judged(line(), Target::RatioAtLeast(1.0)), Verdict::Short, "no reference");
        assert_eq!(Line::absent("redis", "refused").target(Target::AtMost(1.0)).verdict, None);
    }

    #[test]
    fn the_table_lines_up() {
        let mut report = Report::new("holds");
        let target = Target::RatioAtLeast(1.5);
        report.lines.push(line().against("pgbench", 9_327.0, Some(0.08)).target(target));
        report.lines.push(Line::absent("redis", "the strategy `redis` is not available"));
        insta::assert_snapshot!(report.table().columns());
    }

    #[test]
    fn a_table_replaces_what_stood_between_its_markers() {
        let rows = vec![vec!["a|b".to_owned(), "1".to_owned()]];
        let table = Table { name: "t".to_owned(), head: vec!["x".to_owned(), "y".to_owned()], rows };
        let document = "before\n<!-- t: begin -->\nold\n<!-- t: end -->\nafter\n";
        let new = table.put_into(document).unwrap();
        assert_eq!(
            new,
            "before\n<!-- t: begin -->\n| x | y |\n|---|---|\n| a\\|b | 1 |\n<!-- t: end -->\nafter\n"
        );
        assert_eq!(table.put_into(&new).unwrap(), new);
        assert!(table.put_into("nothing").is_err());
    }
}
