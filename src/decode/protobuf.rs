//! A reader of Protocol Buffers' wire format, as far as Sparkplug needs it: fields one after another, nothing kept
//! that is not asked for. Every length is checked against what is there.

use super::Rejection;

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Walks over the fields of one message; after an error it ends.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of these bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn read(&mut self) -> Option<(u64, Wire<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(*self.take(8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(*self.take(4)?.first_chunk()?)),
            _ => return None,
        };
        (tag >> 3 != 0).then_some((tag >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Rejection>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_none() {
            self.rest = &[];
        }
        Some(read.ok_or_else(|| Rejection::new("invalid_protobuf", "truncated or of an unknown wire type")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_ends_at_an_error() {
        let fields: Vec<_> = Fields::of(&[0x08, 0x96, 0x01, 0x12, 0x01, b'x']).collect();
        assert_eq!(fields, [Ok((1, Wire::Varint(150))), Ok((2, Wire::Bytes(b"x")))]);
        for broken in [&[0xff_u8; 11][..], &[0x12, 0x05, b'x'], &[0x0b], &[0x00, 0x00], &[0x0d, 1]] {
            let fields: Vec<_> = Fields::of(broken).collect();
            assert_eq!(fields.len(), 1);
            assert!(fields[0].is_err(), "{broken:?}");
        }
    }
}
