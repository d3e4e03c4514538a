//! Chance that can be repeated.

/// Random numbers that a seed repeats: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, public domain).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let n = u64::try_from(of.len()).unwrap();
        (n > 0).then(|| of[usize::try_from(self.below(n)).unwrap()].clone())
    }
}
