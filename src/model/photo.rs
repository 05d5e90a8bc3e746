//! Photos that belong to a ticket: the kinds that are taken, told by their first bytes. What a picture shows is never looked at.

use std::fmt;

use super::digest;

/// The largest photo, in bytes.
pub const PHOTO_BYTES_MAX: usize = 1024 * 1024;
/// Photos of one ticket at most.
pub const PHOTOS_MAX: usize = 5;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhotoKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
}

impl PhotoKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// Its media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The kind that these bytes begin as.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }
}

/// A photo.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    kind: PhotoKind,
    bytes: Vec<u8>,
}

impl Photo {
    /// A photo of a known kind that is not too large.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let kind = PhotoKind::of(&bytes).filter(|_| bytes.len() <= PHOTO_BYTES_MAX)?;
        Some(Self { kind, bytes })
    }

    /// Which kind.
    pub fn kind(&self) -> PhotoKind {
        self.kind
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file, handed over.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// By what the same photo is known again.
    pub fn digest(&self) -> String {
        digest(&self.bytes)
    }
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", self.kind.as_str(), self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_known_by_its_first_bytes() {
        let kind = |bytes: &[u8]| Photo::read(bytes.to_vec()).map(|photo| photo.kind().as_str());
        assert_eq!(kind(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Some("image/jpeg"));
        assert_eq!(kind(b"\x89PNG\r\n\x1A\n\0"), Some("image/png"));
        assert_eq!(kind(b"RIFF\x24\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [b"".as_slice(), b"\xFF\xD8", b"GIF89a", b"<svg>", b"RIFF\x24\0\0\0WAVE", b"%PDF-1.7"] {
            assert_eq!(kind(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_photo_has_a_limit() {
        let of = |size: usize| {
            let mut bytes = vec![0; size];
            bytes[..3].copy_from_slice(&[0xFF, 0xD8, 0xFF]);
            Photo::read(bytes)
        };
        assert!(of(PHOTO_BYTES_MAX).is_some() && of(PHOTO_BYTES_MAX + 1).is_none());
        assert_eq!(
            format!("{:?}", of(9).expect("small")),
            "image/jpeg, 9 bytes",
            "what it shows is no matter of a log"
        );
    }
}
