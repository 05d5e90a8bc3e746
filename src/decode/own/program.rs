//! A jq program of the operator's: compiled once, with its faults at their places; run within its limits.

use jaq_core::compile::{self, Undefined};
use jaq_core::data::HasLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Lut, Vars};

use super::meter::{self, Cut, pay};
use super::natives;
use super::value::{Error, Val};

/// The longest program, in bytes.
const PROGRAM_BYTES_MAX: usize = 8 * 1024;
/// The most values that a program may put out for one message.
pub(super) const OUTPUTS_MAX: usize = 1_000;
/// The most faults of one program that are told.
const FAULTS_MAX: usize = 5;

/// A fault of a program's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} of the program: {problem}")]
pub struct ProgramFault {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Programs work on [`Val`], and pay whenever they look their terms up.
struct Data;

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Terms<'a>;
}

#[derive(Clone, Copy)]
struct Terms<'a>(&'a Lut<Data>);

impl<'a> HasLut<'a, Data> for Terms<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        pay(1);
        self.0
    }
}

/// A program that can be run.
pub(super) struct Program(jaq_core::Filter<Data>);

/// Why a program has no answer for a message.
#[derive(Debug)]
pub(super) enum Failed {
    /// It was cut short.
    Cut(Cut),
    /// It raised an error; what it says of it.
    Raised(String),
}

impl Program {
    /// Compiles a text.
    ///
    /// # Errors
    /// Everything that is wrong with it, in order, a few at most.
    pub(super) fn compile(text: &str) -> Result<Self, Vec<ProgramFault>> {
        if text.len() > PROGRAM_BYTES_MAX {
            let problem = format!("the program has {} bytes; the limit is {PROGRAM_BYTES_MAX}", text.len());
            return Err(vec![ProgramFault { line: 1, column: 1, problem }]);
        }
        let nested = || vec![fault(text, text, "nested too deep".to_owned())];
        let mut compiled = meter::on_deep_stack(|| compile(text)).unwrap_or_else(|| Err(nested()));
        if let Err(faults) = &mut compiled {
            faults.sort_by_key(|f| (f.line, f.column));
            faults.truncate(FAULTS_MAX);
        }
        compiled.map(Self)
    }

    /// Everything that the program puts out for an input, handed to `take`; and why it ended early, if it did.
    pub(super) fn run(&self, input: Val, mut take: impl FnMut(&Val)) -> Result<(), Failed> {
        let ctx = Ctx::<Data>::new(Terms(&self.0.lut), Vars::new([]));
        for (n, output) in self.0.id.run((ctx, input)).enumerate() {
            match output {
                Ok(_) if n == OUTPUTS_MAX => return Err(Failed::Cut(Cut::Steps)),
                Ok(value) => take(&value),
                Err(stopped) => {
                    let why = stopped.get_err().map_or_else(|_| "`break` without its label".to_owned(), told);
                    return Err(Failed::Raised(why));
                }
            }
        }
        Ok(())
    }
}

/// What an error says: the text that a program raised, or what jaq says of it.
fn told(error: Error) -> String {
    let value = error.into_val();
    value.as_text().map_or_else(|| value.to_json(), str::to_owned)
}

fn compile(text: &str) -> Result<jaq_core::Filter<Data>, Vec<ProgramFault>> {
    let arena = Arena::default();
    let ours = load::parse(include_str!("prelude.jq"), |p| p.defs()).expect("the prelude is sound: a test compiles it");
    let loader = Loader::new(jaq_core::defs().chain(ours));
    if let Some(at) = loading(text) {
        return Err(vec![fault(text, at, "programs cannot load others".to_owned())]);
    }
    let modules = loader.load(&arena, File { code: text, path: () }).map_err(|e| unreadable(text, e))?;
    let compiler = Compiler::default().with_funs(natives::all());
    compiler.compile(modules).map_err(|errors| undefined(text, errors))
}

/// Where a program begins to load another: jq allows it only before everything else.
fn loading(text: &str) -> Option<&str> {
    let code = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    ["import", "include", "module"].iter().any(|word| code.split([' ', '"', '{']).next() == Some(word)).then_some(code)
}

fn unreadable(text: &str, errors: load::Errors<&str, ()>) -> Vec<ProgramFault> {
    let all = errors.into_iter().flat_map(|(_, error)| match error {
        load::Error::Lex(errors) => errors
            .into_iter()
            .map(|(expected, at)| fault(text, at, format!("expected {}", expected.as_str())))
            .collect(),
        load::Error::Parse(errors) => {
            let parse = |(expected, at): (load::parse::Expect<&str>, &str)| {
                let found = if at.is_empty() { "the end".to_owned() } else { format!("`{at}`") };
                fault(text, at, format!("expected {}, found {found}", expected.as_str()))
            };
            errors.into_iter().map(parse).collect::<Vec<_>>()
        }
        load::Error::Io(errors) => {
            errors.into_iter().map(|(at, _)| fault(text, at, "programs cannot load others".to_owned())).collect()
        }
    });
    all.collect()
}

fn undefined(text: &str, errors: compile::Errors<&str, ()>) -> Vec<ProgramFault> {
    let all = errors.into_iter().flat_map(|(_, errors)| errors);
    let told = all.map(|(name, what)| {
        let arity = if let Undefined::Filter(arity) = what { format!("/{arity}") } else { String::new() };
        let hint = hint(name).map(|hint| format!(": {hint}")).unwrap_or_default();
        fault(text, name, format!("there is no {} `{name}{arity}` here{hint}", what.as_str()))
    });
    told.collect()
}

/// What jq knows and a format does without.
fn hint(name: &str) -> Option<&'static str> {
    Some(match name {
        "now" | "localtime" | "strflocaltime" | "gmtime" => {
            "the time is passed in: `.received_at`, as text for `fromdate`"
        }
        "strptime" | "mktime" | "strftime" => "use `fromdate` and `todate`",
        "env" | "$ENV" | "input" | "inputs" | "input_filename" => "a format sees its message and nothing else",
        "debug" | "stderr" | "halt" | "halt_error" => "try it with `nightporter decode --config FILE`",
        _ => return None,
    })
}

/// A fault at a part of the text; parts from elsewhere stand for its end.
fn fault(text: &str, part: &str, problem: String) -> ProgramFault {
    let range = text.as_bytes().as_ptr_range();
    let inside = range.contains(&part.as_ptr()) || range.end == part.as_ptr();
    let at = if inside { load::span(text, part).start } else { text.len() };
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    ProgramFault { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, problem }
}
