//! A message made comparable: one width, one case, no marks; and where a phrase stands in it. Pure.

/// The longest message that is read; what follows says nothing new.
const CHARS_MAX: usize = 600;
/// A word is as long as this before one wrong letter in it is forgiven.
const FORGIVEN_LETTERS_MIN: usize = 5;

/// A message, ready to be searched. Phrases take what they match, so that a longer one hides the shorter ones in it.
#[derive(Clone, Debug)]
pub struct Text {
    /// Words of letters and digits.
    words: Vec<(String, bool)>,
    /// Everything but blanks and marks, and whether it is taken.
    letters: Vec<(char, bool)>,
    /// Whether it ends or halts with a question mark.
    pub asks: bool,
}

impl Text {
    /// Reads a message.
    pub fn new(body: &str) -> Self {
        let plain = plain(body);
        let asks = plain.contains('?');
        let kept = |c: &char| !matches!(c, '\'' | '’' | '‘' | '`' | '´');
        let blank = |c: char| if c.is_alphanumeric() { c } else { ' ' };
        let spaced: String = plain.chars().filter(kept).map(blank).collect();
        let spaced = apart(&spaced);
        let words = spaced.split_whitespace().filter(|w| w.is_ascii() || !is_han_text(w));
        Self {
            words: words.map(|w| (w.to_owned(), false)).collect(),
            letters: spaced.chars().filter(|c| !c.is_whitespace()).map(|c| (c, false)).collect(),
            asks,
        }
    }

    /// The whole of it as words with one blank between, for exact words such as STOP.
    pub fn whole(&self) -> String {
        let latin = self.letters.iter().all(|(c, _)| !is_han(*c));
        if latin {
            return self.words.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(" ");
        }
        self.letters.iter().map(|(c, _)| *c).collect()
    }

    /// The numbers in it that stand by themselves.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|(w, _)| w.as_str())
    }

    /// Takes the first free place where a phrase stands; false when it stands nowhere. Han text is searched letter by
    /// letter, everything else word by word: `*` at a word's end allows for an ending, and a long word may have one wrong letter.
    pub fn take(&mut self, phrase: &str) -> bool {
        if phrase.chars().any(is_han) {
            let wanted: Vec<char> = phrase.chars().collect();
            return take(&mut self.letters, &wanted, |have, want| have == want);
        }
        let wanted: Vec<&str> = phrase.split(' ').collect();
        take(&mut self.words, &wanted, |have, want| is_word(have, want))
    }

    /// What follows the first place where a phrase stands: words with one blank between, letters behind a Han phrase.
    pub fn after(&self, phrase: &str) -> Option<String> {
        if phrase.chars().any(is_han) {
            let wanted: Vec<char> = phrase.chars().collect();
            let at = find(&self.letters, &wanted, |have, want| have == want)?;
            return Some(self.letters[at + wanted.len()..].iter().map(|(c, _)| *c).collect());
        }
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let at = find(&self.words, &wanted, |have, want| is_word(have, want))?;
        let rest: Vec<&str> = self.words[at + wanted.len()..].iter().map(|(w, _)| w.as_str()).collect();
        Some(rest.join(" "))
    }

    /// How much of it no phrase has taken, in Latin letters; a Chinese one says as much as three.
    pub fn left(&self) -> usize {
        let words: usize = self.words.iter().filter(|(_, taken)| !taken).map(|(w, _)| w.len()).sum();
        words + 3 * self.letters.iter().filter(|(c, taken)| !taken && is_han(*c)).count()
    }
}

/// The part of a message that is read, in one width and one case.
pub fn plain(body: &str) -> String {
    body.chars().take(CHARS_MAX).flat_map(|c| narrow(c).to_lowercase()).collect()
}

fn take<T, W>(text: &mut [(T, bool)], wanted: &[W], same: impl Fn(&T, &W) -> bool) -> bool {
    let Some(at) = find(text, wanted, same) else { return false };
    text[at..at + wanted.len()].iter_mut().for_each(|(_, taken)| *taken = true);
    true
}

fn find<T, W>(text: &[(T, bool)], wanted: &[W], same: impl Fn(&T, &W) -> bool) -> Option<usize> {
    let fits = |run: &[(T, bool)]| run.iter().zip(wanted).all(|((have, taken), want)| !taken && same(have, want));
    text.windows(wanted.len()).position(fits)
}

fn is_word(have: &str, want: &str) -> bool {
    if let Some(stem) = want.strip_suffix('*') {
        return have.starts_with(stem);
    }
    have == want
        || (want.len() >= FORGIVEN_LETTERS_MIN && have.len() >= FORGIVEN_LETTERS_MIN - 1 && is_slip(have, want))
}

/// One letter wrong, missing, too many, or two that changed places; the first letter is right.
fn is_slip(have: &str, want: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (have.chars().collect(), want.chars().collect());
    if a.first() != b.first() || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = |x: usize, y: usize| a.get(x..) == b.get(y..) && a.get(x..).is_some();
    let swapped = a.len() == b.len() && a.get(head) == b.get(head + 1) && a.get(head + 1) == b.get(head);
    tail(head + 1, head + 1) || tail(head + 1, head) || tail(head, head + 1) || (swapped && tail(head + 2, head + 2))
}

/// Full-width letters and digits made plain, traditional signs of common words simplified.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => simplified(c),
    }
}

fn simplified(c: char) -> char {
    const PAIRS: [(char, char); 34] = [
        ('換', '换'),
        ('電', '电'),
        ('門', '门'),
        ('開', '开'),
        ('鎖', '锁'),
        ('來', '来'),
        ('沒', '没'),
        ('還', '还'),
        ('訂', '订'),
        ('謝', '谢'),
        ('們', '们'),
        ('這', '这'),
        ('個', '个'),
        ('經', '经'),
        ('嗎', '吗'),
        ('時', '时'),
        ('後', '后'),
        ('會', '会'),
        ('過', '过'),
        ('問', '问'),
        ('題', '题'),
        ('錯', '错'),
        ('號', '号'),
        ('發', '发'),
        ('識', '识'),
        ('認', '认'),
        ('麼', '么'),
        ('濕', '湿'),
        ('幫', '帮'),
        ('師', '师'),
        ('傅', '傅'),
        ('進', '进'),
        ('處', '处'),
        ('別', '别'),
    ];
    PAIRS.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)
}

/// A blank between Han signs and Latin letters: "ok换好了" is two words.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c != ' ' && before != ' ' && is_han(c) != is_han(before) {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}

fn is_han_text(word: &str) -> bool {
    word.chars().any(is_han)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}
