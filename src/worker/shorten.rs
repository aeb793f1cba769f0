//! Run events are for looking at what happened, not for keeping all that a command wrote.

use serde_json::Value;

/// The longest text in an event, in bytes.
const LONGEST: usize = 16 << 10;

/// Cuts every long text in `value`, and says so at its end. To be called on what holds no secret any more: a secret cut
/// in two would not be found.
pub(super) fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST => {
            let whole = text.len();
            let end = (0..=LONGEST).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push_str(&format!("… ({whole} bytes in all)"));
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_texts_are_cut_wherever_they_stand_and_short_ones_are_not() {
        let long = "é".repeat(LONGEST);
        let mut value = json!({ "a": [long, "short"], "b": { "c": 1 } });
        shorten(&mut value);
        let cut = value["a"][0].as_str().expect("text");
        assert!(cut.starts_with("éé") && cut.ends_with("é… (32768 bytes in all)"), "{}", cut.len());
        assert!(cut.len() < LONGEST + 40);
        assert_eq!((&value["a"][1], &value["b"]), (&json!("short"), &json!({ "c": 1 })));
    }
}
