//! Settings that are one of a few words.
//!
//! Never accepts a word that is not in the list. Start at [`choice!`], which keeps the enum, its
//! words and their order in one place.

/// A setting whose value is one of a fixed set of words.
pub(crate) trait Choice {
    /// All words, in the order they are documented.
    fn names(&self) -> &'static [&'static str];
    /// The word of the current value.
    fn name(&self) -> &'static str;
    /// Takes the value of this word; false when there is none.
    fn choose(&mut self, name: &str) -> bool;
}

/// Declares an enum of words: variants, their words and [`Choice`] from one list.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// The word that stands for this value in a file, a variable or a flag.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::choice::Choice for $name {
            fn names(&self) -> &'static [&'static str] { &[$($word),+] }
            fn name(&self) -> &'static str { self.as_str() }
            fn choose(&mut self, name: &str) -> bool {
                match name {
                    $($word => *self = Self::$variant,)+
                    _ => return false,
                }
                true
            }
        }
    };
}
pub(crate) use choice;
