//! Stripe's form encoding: `metadata[order_id]=7&payment_method_types[]=card&expand[0]=latest_charge`.

use serde_json::{Map, Value};

use super::errors::ApiError;

/// Nesting deeper than this is refused; Stripe's own parameters stay well below.
const MAX_DEPTH: usize = 10;

/// Parameters by name, in the order they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params(Vec<(String, Param)>);

/// One parameter: a text, or parameters below it (a hash, or a list with numbers as names).
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `name=text`
    Text(String),
    /// `name[…]=…`
    Tree(Params),
}

impl Params {
    /// Parses a query string or a form body.
    ///
    /// # Errors
    /// 400 for broken brackets, too deep nesting, or a name used both as a text and as a hash.
    pub fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(encoded)
            .map_err(|_| ApiError::invalid("The request's parameters could not be decoded."))?;
        let mut params = Self::default();
        params.extend(pairs)?;
        Ok(params)
    }

    /// Adds decoded pairs.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub fn extend(&mut self, pairs: Vec<(String, String)>) -> Result<(), ApiError> {
        for (name, value) in pairs {
            let path =
                split_name(&name).ok_or_else(|| ApiError::invalid("Invalid parameter name.").param(&name))?;
            self.insert(&path, value).map_err(|()| {
                ApiError::invalid(format!("Invalid parameter: `{name}` is used as a value and as a hash."))
                    .param(&name)
            })?;
        }
        Ok(())
    }

    fn insert(&mut self, path: &[String], value: String) -> Result<(), ()> {
        let Some((head, rest)) = path.split_first() else { return Err(()) };
        let name = if head.is_empty() { self.next_index() } else { head.clone() };
        if rest.is_empty() {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, Param::Tree(_))) => return Err(()),
                Some((_, slot)) => *slot = Param::Text(value),
                None => self.0.push((name, Param::Text(value))),
            }
            return Ok(());
        }
        if !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name.clone(), Param::Tree(Self::default())));
        }
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Param::Tree(tree))) => tree.insert(rest, value),
            _ => Err(()),
        }
    }

    /// `[]` takes the number after the highest one.
    fn next_index(&self) -> String {
        let highest = self.0.iter().filter_map(|(name, _)| name.parse::<u64>().ok()).max();
        highest.map_or(0, |number| number.saturating_add(1)).to_string()
    }

    /// The parameter called `name`.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, param)| param)
    }

    /// Puts a parameter in, in place of one of the same name.
    pub fn set(&mut self, name: &str, param: Param) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = param,
            None => self.0.push((name.to_owned(), param)),
        }
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, name: &str) -> Option<Param> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Whether `name` was sent.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and parameters, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.0.iter().map(|(name, param)| (name.as_str(), param))
    }

    /// Refuses any parameter that is not among `known` (`expand` is known everywhere).
    ///
    /// # Errors
    /// 400 `parameter_unknown`, naming the first stranger.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.0.iter().find(|(name, _)| name != "expand" && !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(format!("Received unknown parameter: {name}"))
                .code("parameter_unknown")
                .param(name)),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// 400 when it is empty or a hash.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Param::Text(text)) if text.is_empty() => Err(empty(name)),
            Some(Param::Text(text)) => Ok(Some(text)),
            Some(Param::Tree(_)) => Err(ApiError::invalid("Invalid string").param(name)),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 400 `parameter_missing`, or as [`Params::text`].
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A text that the empty text takes away: `None` not sent, `Some(None)` unset.
    ///
    /// # Errors
    /// 400 when it is a hash.
    pub fn settable(&self, name: &str) -> Result<Option<Option<String>>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Param::Text(text)) => Ok(Some(Some(text.clone()).filter(|text| !text.is_empty()))),
            Some(Param::Tree(_)) => Err(ApiError::invalid("Invalid string").param(name)),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// 400 `parameter_invalid_integer`.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let plain = !text.starts_with('+') && text.len() <= 18;
        match text.parse() {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(ApiError::invalid(format!("Invalid integer: {text}"))
                .code("parameter_invalid_integer")
                .param(name)),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(format!("Invalid boolean: {other}")).param(name)),
        }
    }

    /// One of `choices`.
    ///
    /// # Errors
    /// 400 naming them.
    pub fn choice<'a>(&self, name: &str, choices: &[&'a str]) -> Result<Option<&'a str>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match choices.iter().find(|choice| **choice == text) {
            Some(choice) => Ok(Some(choice)),
            None => {
                let list = match choices.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("one of {}, or {last}", rest.join(", "))
                    }
                    _ => choices.concat(),
                };
                Err(ApiError::invalid(format!("Invalid {name}: must be {list}")).param(name))
            }
        }
    }

    /// A hash.
    ///
    /// # Errors
    /// 400 when it is a text that is not empty.
    pub fn tree(&self, name: &str) -> Result<Option<&Self>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Param::Tree(tree)) => Ok(Some(tree)),
            Some(Param::Text(text)) if text.is_empty() => Ok(None),
            Some(Param::Text(_)) => Err(ApiError::invalid("Invalid object").param(name)),
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// 400 `Invalid array`.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(tree) = self.tree(name).map_err(|_| ApiError::invalid("Invalid array").param(name))? else {
            return Ok(None);
        };
        tree.0
            .iter()
            .map(|(index, param)| match param {
                Param::Text(text) if index.parse::<u64>().is_ok() => Ok(text.clone()),
                _ => Err(ApiError::invalid("Invalid array").param(name)),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The parameters as JSON, every value a text, for logs and for passing through.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        for (name, param) in &self.0 {
            let value = match param {
                Param::Text(text) => Value::String(text.clone()),
                Param::Tree(tree) => tree.to_json(),
            };
            map.insert(name.clone(), value);
        }
        Value::Object(map)
    }

    /// The same text for the same parameters in any order.
    pub fn canonical(&self) -> String {
        let mut lines = Vec::new();
        self.flatten("", &mut lines);
        lines.sort();
        lines.join("\n")
    }

    fn flatten(&self, prefix: &str, lines: &mut Vec<String>) {
        for (name, param) in &self.0 {
            match param {
                Param::Text(text) => lines.push(format!("{prefix}{name:?}={text:?}")),
                Param::Tree(tree) => tree.flatten(&format!("{prefix}{name:?}."), lines),
            }
        }
    }
}

/// `a[b][]` → `a`, `b`, the empty text. `None` when brackets do not match or nest too deep.
fn split_name(name: &str) -> Option<Vec<String>> {
    let open = name.find('[').unwrap_or(name.len());
    let (head, mut rest) = name.split_at(open);
    if head.is_empty() || head.contains(']') {
        return None;
    }
    let mut path = vec![head.to_owned()];
    while let Some(inner) = rest.strip_prefix('[') {
        let (segment, after) = inner.split_once(']')?;
        if segment.contains('[') {
            return None;
        }
        path.push(segment.to_owned());
        rest = after;
    }
    (rest.is_empty() && path.len() <= MAX_DEPTH).then_some(path)
}

fn missing(name: &str) -> ApiError {
    ApiError::invalid(format!("Missing required param: {name}.")).code("parameter_missing").param(name)
}

fn empty(name: &str) -> ApiError {
    ApiError::invalid(format!(
        "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; \
         however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    ))
    .code("parameter_invalid_empty")
    .param(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn reads_hashes_and_lists() {
        let params =
            parse("amount=5&metadata[order_id]=a%20b&types[]=card&types[]=link&expand[0]=x&a[b][c]=1");
        assert_eq!(params.integer("amount").unwrap(), Some(5));
        assert_eq!(params.tree("metadata").unwrap().unwrap().text("order_id").unwrap(), Some("a b"));
        assert_eq!(params.list("types").unwrap().unwrap(), ["card", "link"]);
        assert_eq!(params.list("expand").unwrap().unwrap(), ["x"]);
        assert_eq!(params.to_json()["a"]["b"]["c"], "1");
    }

    #[test]
    fn refuses_broken_names() {
        for bad in ["[a]=1", "a[b=1", "a]b=1", "a[b]c=1", "a[[b]]=1", "a=1&a[b]=2", "a[b]=1&a=2", "=1"] {
            assert!(Params::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("a{}=1", "[b]".repeat(MAX_DEPTH));
        assert!(Params::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn refuses_wrong_types() {
        let params = parse("a=x&b=&c[d]=1&e=maybe&f=99999999999999999999&g=%2B5");
        assert_eq!(params.integer("a").unwrap_err().code.as_deref(), Some("parameter_invalid_integer"));
        assert_eq!(params.text("b").unwrap_err().code.as_deref(), Some("parameter_invalid_empty"));
        assert_eq!(params.required("z").unwrap_err().code.as_deref(), Some("parameter_missing"));
        assert!(params.text("c").is_err() && params.flag("e").is_err() && params.integer("f").is_err());
        assert!(params.integer("g").is_err() && params.tree("a").is_err() && params.list("a").is_err());
        assert_eq!(params.settable("b").unwrap(), Some(None));
        assert_eq!(params.only(&["a", "b", "c", "e", "f"]).unwrap_err().param.as_deref(), Some("g"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Params::parse(&bytes);
        }

        #[test]
        fn keeps_what_was_sent(names in proptest::collection::hash_set("[a-z_]{1,12}", 1..8), value in "\\PC{0,40}") {
            let pairs: Vec<(String, &str)> = names.iter().map(|name| (format!("h[{name}]"), value.as_str())).collect();
            let params = Params::parse(serde_urlencoded::to_string(&pairs).unwrap().as_bytes()).unwrap();
            let tree = params.tree("h").unwrap().unwrap();
            for name in &names {
                prop_assert_eq!(tree.get(name), Some(&Param::Text(value.clone())));
            }
        }

        #[test]
        fn order_does_not_matter(values in proptest::collection::vec("\\PC{0,10}", 1..6)) {
            let mut pairs: Vec<(String, &String)> =
                values.iter().enumerate().map(|(at, value)| (format!("p{at}[x]"), value)).collect();
            let forth = Params::parse(serde_urlencoded::to_string(&pairs).unwrap().as_bytes()).unwrap();
            pairs.reverse();
            let back = Params::parse(serde_urlencoded::to_string(&pairs).unwrap().as_bytes()).unwrap();
            prop_assert_eq!(forth.canonical(), back.canonical());
        }
    }
}
