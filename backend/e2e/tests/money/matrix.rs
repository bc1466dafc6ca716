//! The crash matrix: every point of a purchase and of a refund at which a process can die, under every fault of the
//! provider. The rows are learnt from a clean run, so that a new commit or call is a new row.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use marquee_e2e::campaign::{alone, rounds, tell};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::cells::{Actor, Cell, Outcome, Row};
use crate::faults::Fault;
use crate::lane::{Lane, Settings};

/// Houses at one time: most of a cell is waiting.
const LANES: usize = 5;
/// Faults that each point meets in one round of `MARQUEE_ROUNDS`; eight rounds are all of them.
const EACH: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_dies_anywhere_while_anything_goes_wrong() {
    let _alone = alone().await;
    let begun = Instant::now();
    let mut first = Lane::open(&[]).await;
    let rows = first.learn(&Actor::wanted()).await;
    let cells = cells(&rows, &Fault::wanted());
    let matrix = Matrix::run(rows, cells, vec![first]).await;
    tell(&matrix.table());
    tell(&format!("{}; {:.0} s", matrix.summary(), begun.elapsed().as_secs_f64()));
    let wrong = matrix.wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every row with a few of the faults, in random order; with enough rounds with each.
fn cells(rows: &[Row], faults: &[Fault]) -> Vec<Cell> {
    let seed = marquee_e2e::wait::seed("the matrix");
    let each = usize::try_from(EACH * rounds()).unwrap().min(faults.len());
    let first = (seed % faults.len() as u64) as usize;
    let mut cells: Vec<Cell> = rows
        .iter()
        .enumerate()
        .flat_map(|(row, at)| {
            // Neighbours have other faults, so that every column has something of every part of a purchase.
            let begin = first + row * each;
            (begin..begin + each).map(move |fault| Cell {
                row,
                at: at.clone(),
                fault: faults[fault % faults.len()],
            })
        })
        .collect();
    cells.shuffle(&mut StdRng::seed_from_u64(seed));
    cells
}

/// What it would see if the payment were not asked for again: what the provider did is never learnt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_asking_again_a_cell_fails() {
    let cells = [("call:confirm_intent:after", Fault::NextDay), ("call:capture_intent:after", Fault::None)];
    without(&[("MARQUEE_WITHOUT", "refetch")], &cells).await;
}

/// What it would see if a record could be written under an old fence: a process that wakes in the middle of a later try
/// settles that one with what became of its own. The buyer is told no, with their money reserved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_fence_a_cell_fails() {
    let cells = ["call:confirm_intent:before", "call:confirm_intent:after"].map(|at| (at, Fault::Overtaken));
    let guarded = without(&[("MARQUEE_WITHOUT", "fence")], &cells).await;
    let woke = guarded.iter().all(|(_, outcome)| outcome.woke_in_a_try);
    assert!(woke, "nobody woke in the middle of a later try: {guarded:?}");
}

/// Tries a few cells with a guard on, where nothing may be wrong, and off, where something must be. Answers how they ended
/// with it on.
async fn without(settings: Settings, cells: &[(&str, Fault)]) -> Vec<(Cell, Outcome)> {
    let _alone = alone().await;
    let guarded = tried(&[], cells).await;
    assert_eq!(failed(&guarded), Vec::<String>::new(), "nothing is switched off");
    let failed = failed(&tried(settings, cells).await);
    tell(&format!("{settings:?}: {} of {} cells fail: {failed:#?}", failed.len(), cells.len()));
    assert!(!failed.is_empty(), "the matrix does not see what it is for: {settings:?}");
    guarded
}

/// Tries a few cells of the server, each in a lane of its own.
async fn tried(settings: Settings, cells: &[(&str, Fault)]) -> Vec<(Cell, Outcome)> {
    let tried = cells.iter().enumerate().map(async |(row, (point, fault))| {
        let at = Row { actor: Actor::Server, point: (*point).to_owned() };
        let cell = Cell { row, at, fault: *fault };
        let outcome = Lane::open(settings).await.run(&cell).await;
        (cell, outcome)
    });
    futures::future::join_all(tried).await
}

/// The cells after which something is wrong, each with the first of it.
fn failed(tried: &[(Cell, Outcome)]) -> Vec<String> {
    let wrong = tried.iter().filter_map(|(cell, outcome)| Some((cell, outcome.wrong.first()?)));
    wrong.map(|(cell, wrong)| format!("{}: {wrong}", name(cell))).collect()
}

/// A matrix that was tried.
struct Matrix {
    rows: Vec<Row>,
    cells: Vec<(Cell, Outcome)>,
    /// What was found when the lanes were closed and cannot be told of one cell.
    at_the_end: Vec<String>,
}

impl Matrix {
    async fn run(rows: Vec<Row>, cells: Vec<Cell>, mut lanes: Vec<Lane>) -> Self {
        while lanes.len() < LANES.min(cells.len()) {
            lanes.push(Lane::open(&[]).await);
        }
        let queue = Mutex::new(VecDeque::from(cells));
        let next = || queue.lock().unwrap().pop_front();
        let working = lanes.into_iter().map(async |mut lane: Lane| {
            let mut done = Vec::new();
            while let Some(cell) = next() {
                let outcome = lane.run(&cell).await;
                if !outcome.wrong.is_empty() {
                    tell(&format!("{}: {:#?}", name(&cell), outcome.wrong));
                }
                done.push((cell, outcome));
            }
            (done, lane.close().await)
        });
        let lanes = futures::future::join_all(working).await;
        let mut matrix = Self { rows, cells: Vec::new(), at_the_end: Vec::new() };
        for (done, late) in lanes {
            matrix.cells.extend(done);
            for (cell, wrong) in late {
                let known = cell.and_then(|cell| {
                    matrix.cells.iter_mut().find(|(one, _)| one.row == cell.row && one.fault == cell.fault)
                });
                match known {
                    Some((_, outcome)) => outcome.wrong.push(wrong),
                    None => matrix.at_the_end.push(wrong),
                }
            }
        }
        matrix
    }

    /// Rows are points, columns faults: `x` died at the point, `f` froze there, `z` too, and woke in the middle of a later try,
    /// `k` was killed elsewhere as the fault keeps it from the point, `!` something is wrong afterwards.
    fn table(&self) -> String {
        let mut text = String::new();
        let heads: String = Fault::ALL.iter().map(|fault| format!("{:>10}", fault.name())).collect();
        for actor in Actor::ALL {
            let _ = writeln!(text, "\n{:<46}{heads}", actor.name());
            for (row, at) in self.rows.iter().enumerate().filter(|(_, at)| at.actor == actor) {
                let _ = write!(text, "{:<46}", at.point);
                for fault in Fault::ALL {
                    let _ = write!(text, "{:>10}", self.shown(row, fault));
                }
                text.push('\n');
            }
        }
        text
    }

    fn shown(&self, row: usize, fault: Fault) -> &'static str {
        let cell = self.cells.iter().find(|(cell, _)| cell.row == row && cell.fault == fault);
        match cell {
            None => "",
            Some((_, outcome)) if !outcome.wrong.is_empty() => "!",
            Some((_, outcome)) if !outcome.at_the_point => "k",
            Some((_, outcome)) if outcome.woke_in_a_try => "z",
            Some((cell, _)) if cell.fault.freezes() => "f",
            Some(_) => "x",
        }
    }

    fn summary(&self) -> String {
        let at_the_point = self.cells.iter().filter(|(_, outcome)| outcome.at_the_point).count();
        let wrong = self.cells.iter().filter(|(_, outcome)| !outcome.wrong.is_empty()).count();
        let slowest = self.cells.iter().map(|(_, outcome)| outcome.took).fold(0.0, f64::max);
        format!(
            "{} cells ({} points, {} faults): {at_the_point} died at the point, {} where the fault kept them from it; \
             {wrong} wrong; slowest at rest {slowest:.1} s after the restart",
            self.cells.len(),
            self.rows.len(),
            Fault::ALL.len(),
            self.cells.len() - at_the_point
        )
    }

    fn wrong(&self) -> Vec<String> {
        let of_cells = self.cells.iter().filter(|(_, outcome)| !outcome.wrong.is_empty());
        let of_cells = of_cells.map(|(cell, outcome)| format!("{}: {:#?}", name(cell), outcome.wrong));
        of_cells.chain(self.spared()).chain(self.at_the_end.iter().cloned()).collect()
    }

    /// Faults under which nobody died where they were to: such a column proves nothing.
    fn spared(&self) -> impl Iterator<Item = String> + '_ {
        let spared = |fault: &Fault| {
            let mut cells = self.cells.iter().filter(|(cell, _)| cell.fault == *fault).peekable();
            cells.peek().is_some() && cells.all(|(_, outcome)| !outcome.at_the_point)
        };
        Fault::ALL.into_iter().filter(spared).map(|fault| format!("nobody died under {}", fault.name()))
    }
}

fn name(cell: &Cell) -> String {
    format!("{} {} × {}", cell.at.actor.name(), cell.at.point, cell.fault.name())
}
