//! Reading JSON strictly.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::problem::{Code, Problem};

/// Bodies nest at most this deep.
const MAX_DEPTH: u8 = 32;

/// Reads JSON in two steps, so that "not JSON" and "not what we expected" stay apart.
///
/// # Errors
/// `malformed_body` for text that is no JSON, has a field twice or nests too deep; `validation_failed` with a
/// pointer for JSON of another shape.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = |error: serde_json::Error| Problem::new(Code::MalformedBody).detail(error.to_string());
    let mut strict = serde_json::Deserializer::from_slice(bytes);
    let json = Strict { depth: 0 }.deserialize(&mut strict).map_err(malformed)?;
    strict.end().map_err(malformed)?;
    serde_path_to_error::deserialize(Shaped(&json)).map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                serde_path_to_error::Segment::Map { key } => {
                    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
                }
                serde_path_to_error::Segment::Enum { variant } => format!("/{variant}"),
                serde_path_to_error::Segment::Unknown => String::new(),
            })
            .collect();
        Problem::field(pointer, "invalid", plain(error.inner()))
    })
}

/// serde's sentence without its "at line …".
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Reads any JSON and refuses repeated fields and deep nesting.
struct Strict {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<u8, E> {
        if self.depth >= MAX_DEPTH { Err(E::custom("nested too deep")) } else { Ok(self.depth + 1) }
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let (depth, mut values) = (self.deeper()?, Vec::new());
        while let Some(value) = seq.next_element_seed(Strict { depth })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (depth, mut fields) = (self.deeper()?, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            if fields.contains_key(&key) {
                let _: IgnoredAny = map.next_value()?;
                return Err(A::Error::custom(format!("the field `{key}` is there twice")));
            }
            let value = map.next_value_seed(Strict { depth })?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

/// Reads a shape as serde does, but takes only objects for structs: serde would also take their values in a row, an array.
#[derive(Clone, Copy)]
struct Shaped<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Shaped<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What is read as serde_json reads it.
macro_rules! as_usual {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Shaped<'de> {
    type Error = serde_json::Error;

    as_usual! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.iter().map(Shaped))),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), Shaped(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            single => single.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_array() {
            self.deserialize_any(visitor)
        } else {
            Err(Self::Error::custom("expected a list"))
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_object() {
            self.deserialize_any(visitor)
        } else {
            Err(Self::Error::custom("expected an object"))
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[allow(dead_code)]
        seats: Vec<u32>,
    }

    fn code(text: &[u8]) -> Code {
        parse::<Shape>(text).unwrap_err().code()
    }

    #[test]
    fn malformed_is_not_invalid() {
        assert!(parse::<Shape>(br#"{"seats":[1]}"#).is_ok());
        for text in [
            &b"{"[..],
            b"",
            b"\xff",
            br#"{"seats":[],"seats":[]}"#,
            br#"{"seats":[]} x"#,
            br#"{"a":{"b":1,"b":2}}"#,
        ] {
            assert_eq!(code(text), Code::MalformedBody, "{text:?}");
        }
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert_eq!(code(deep.as_bytes()), Code::MalformedBody);
        for text in [&br#"{"seats":["x"]}"#[..], br#"{"seats":[],"price":1}"#, b"{}", b"[]", b"null"] {
            assert_eq!(code(text), Code::ValidationFailed, "{text:?}");
        }
    }

    #[test]
    fn a_fault_has_its_place() {
        let problem = parse::<Shape>(br#"{"seats":[1,"x"]}"#).unwrap_err();
        assert_eq!(problem.body()["errors"][0]["pointer"], "/seats/1");
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default)]
        more: Option<Inner>,
        #[serde(default)]
        word: Option<Word>,
        #[serde(default)]
        anything: Value,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        name: String,
        count: Option<i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Keep,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = |text: &str| parse::<Outer>(text.as_bytes());
        let outer = read(
            r#"{"inner":[{"name":"a","count":-1}],"more":{"name":"b"},"word":"keep","anything":[1,{"x":null}]}"#,
        );
        let outer = outer.unwrap();
        assert_eq!((outer.inner[0].count, outer.more.unwrap().name.as_str()), (Some(-1), "b"));
        assert_eq!((outer.word, outer.anything), (Some(Word::Keep), serde_json::json!([1, { "x": null }])));
        for (text, pointer) in [
            (r#"[[]]"#, ""),
            (r#"{"inner":[["a",1]]}"#, "/inner/0"),
            (r#"{"inner":[],"more":["a",1]}"#, "/more"),
            (r#"{"inner":{"0":{"name":"a"}}}"#, "/inner"),
            (r#"{"inner":[{"name":"a","count":99999999999999999999}]}"#, "/inner/0/count"),
            (r#"{"inner":[],"word":"drop"}"#, "/word"),
            ("null", ""),
        ] {
            let body = read(text).unwrap_err().body();
            assert_eq!(body["errors"][0]["pointer"], pointer, "{text}: {body}");
            let said = body["errors"][0].to_string();
            assert!(!said.contains("Outer") && !said.contains("Inner"), "{said}");
        }
    }
}
