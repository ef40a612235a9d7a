//! Takes an event stream apart, as the HTML standard says.

use std::collections::VecDeque;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// `message` when the stream does not say.
    pub(super) event: String,
    /// Its lines, with line feeds between.
    pub(super) data: String,
    /// Its own id, if it has one.
    pub(super) id: Option<String>,
}

/// An event has more bytes than the reader holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Takes bytes as they come, cut anywhere.
#[derive(Debug)]
pub(super) struct Frames {
    limit: usize,
    line: Vec<u8>,
    after_return: bool,
    event: String,
    data: Option<String>,
    id: Option<String>,
    ready: VecDeque<Frame>,
}

impl Frames {
    /// Holds at most `limit` bytes of one event.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_return: false,
            event: String::new(),
            data: None,
            id: None,
            ready: VecDeque::new(),
        }
    }

    /// Takes what has come.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), TooLarge> {
        for part in chunk.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let part = match part {
                // The second half of one line end.
                [b'\n'] if std::mem::take(&mut self.after_return) => continue,
                _ => part,
            };
            self.after_return = part.ends_with(b"\r");
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let held = self.data.as_ref().map_or(0, String::len) + self.line.len();
            if held + text.len() > self.limit {
                return Err(TooLarge);
            }
            self.line.extend_from_slice(text);
            if text.len() < part.len() {
                let line = std::mem::take(&mut self.line);
                self.line(&String::from_utf8_lossy(&line));
            }
        }
        Ok(())
    }

    /// The oldest event that is whole.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments keep the connection alive; everything else is not for us.
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        let (event, id) = (std::mem::take(&mut self.event), self.id.take());
        // `complete` may come without data.
        let data = match self.data.take() {
            Some(data) => data,
            None if event.is_empty() => return,
            None => String::new(),
        };
        let event = if event.is_empty() {
            "message".to_owned()
        } else {
            event
        };
        self.ready.push_back(Frame { event, data, id });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&[u8]]) -> Vec<(String, String, Option<String>)> {
        let mut frames = Frames::new(1_000);
        for chunk in chunks {
            frames.push(chunk).unwrap();
        }
        std::iter::from_fn(|| frames.pop())
            .map(|frame| (frame.event, frame.data, frame.id))
            .collect()
    }

    fn frame(event: &str, data: &str, id: Option<&str>) -> (String, String, Option<String>) {
        (event.to_owned(), data.to_owned(), id.map(str::to_owned))
    }

    #[test]
    fn events_are_the_same_wherever_they_are_cut_and_whatever_ends_their_lines() {
        let text = ":\n\nevent: next\nid: 7\ndata: {\"a\":\ndata: \"ü\"}\n\n: beat\n\n\
                    event:complete\ndata:\n\n";
        let expected = [
            frame("next", "{\"a\":\n\"ü\"}", Some("7")),
            frame("complete", "", None),
        ];
        for end in ["\n", "\r", "\r\n"] {
            let text = text.replace('\n', end);
            assert_eq!(frames(&[text.as_bytes()]), expected, "{end:?}");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(frames(&bytes), expected, "{end:?}");
        }
    }

    #[test]
    fn what_is_not_finished_is_no_event() {
        assert_eq!(frames(&[b"event: next\ndata: 1\n"]), []);
        assert_eq!(frames(&[b"retry: 5\nfoo\n\n"]), []);
        assert_eq!(frames(&[b"data: 1\n\n"]), [frame("message", "1", None)]);
        assert_eq!(
            frames(&[b"event: complete\n\n"]),
            [frame("complete", "", None)]
        );
    }

    #[test]
    fn an_event_without_end_is_not_held() {
        let mut frames = Frames::new(10);
        assert_eq!(frames.push(b"data: 1234"), Ok(()));
        assert_eq!(frames.push(b"5"), Err(TooLarge));
        let mut frames = Frames::new(10);
        assert_eq!(frames.push(b"data: 123\ndata: 45678"), Err(TooLarge));
    }
}
