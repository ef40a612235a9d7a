//! Did you mean …?

/// The known word nearest to `word`, if one is near enough to be a slip of the finger.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let lower = word.to_lowercase();
    let distances = known
        .iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), *name));
    distances
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Edit distance in which swapping two neighbours is one step.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["version", "stack", "kind", "timeoutMinutes"];
        assert_eq!(nearest("verison", &known), Some("version"));
        assert_eq!(nearest("Stack", &known), Some("stack"));
        assert_eq!(nearest("timeoutminutes", &known), Some("timeoutMinutes"));
        assert_eq!(nearest("kin", &known), Some("kind"));
        assert_eq!(nearest("deployment", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
