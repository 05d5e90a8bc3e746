//! What the carrier tells us: reports about messages, texts from people. Without a valid signature nothing happens.
//!
//! The answer comes after the commit. What we do not know (a message of somebody else, a word that is new) is answered
//! kindly and changes nothing, so that the carrier does not repeat it for hours.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::openapi::Routes;
use super::params::{too_large, unsupported};
use super::problem::Problem;
use super::twilio_signature::{SETTINGS_HEADER, SIGNATURE_HEADER, Signed, requested_url, verify};
use crate::decide::Reply;
use crate::deliver::carrier::status_of;
use crate::deliver::carrier::twilio::say;
use crate::model::{E164, Locale, MessageId, MessageStatus};
use crate::store::Report;

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";
/// An answer that says nothing to the person.
const NO_WORDS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_status, _, _>(status).add::<__path_inbound, _, _>(inbound).add::<__path_voice, _, _>(voice)
}

/// A form that the carrier has signed.
#[derive(Debug)]
pub struct SignedForm {
    fields: Vec<(String, String)>,
    /// Our attempt, from `?a=` of the address that we gave the carrier: `<message id>.<n>`.
    attempt: Option<String>,
    /// The language of a call, from `&l=` of the same address.
    locale: Option<Locale>,
}

impl SignedForm {
    /// Our message, if the address names it.
    fn message_id(&self) -> Option<MessageId> {
        self.attempt.as_deref().and_then(|a| a.rsplit_once('.')).map(|(id, _)| MessageId::from(id))
    }

    fn report(&self, sid: &str, status: MessageStatus, error_code: Option<i64>) -> Report {
        let attempt = self.attempt.as_deref().and_then(|a| a.rsplit_once('.')).and_then(|(_, n)| n.parse().ok());
        Report { sid: sid.to_owned(), message_id: self.message_id(), attempt, status, error_code, error: None }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<AppState> for SignedForm {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let uri = request.uri().clone();
        let form = Form::<Vec<(String, String)>>::from_request(request, app).await;
        let Form(fields) = form.map_err(bad_form)?;
        let path_and_query = uri.path_and_query().map_or("/", |p| p.as_str());
        let url = requested_url(&app.base_url, path_and_query);
        let text = |name: &str| header_text(&headers, name);
        let signed =
            Signed { url: &url, params: &fields, signature: text(SIGNATURE_HEADER), settings: text(SETTINGS_HEADER) };
        if !verify(&app.webhook_secrets, signed) {
            app.metrics.webhooks_refused.inc();
            let detail = "the signature does not fit the address, the form and our auth token";
            return Err(Problem::forbidden(detail)
                .at("header X-Twilio-Signature")
                .mend("http.public_url must be the address that the carrier calls, to the letter"));
        }
        let of_query = |name| uri.query().and_then(|q| q.split('&').find_map(|pair| pair.strip_prefix(name)));
        let locale = of_query("l=").and_then(Locale::parse);
        // Not every database takes a NUL. The signature is of the form as it came.
        let fields = fields.into_iter().map(|(name, value)| (name, value.replace('\0', ""))).collect();
        Ok(Self { attempt: of_query("a=").map(str::to_owned), locale, fields })
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn bad_form(rejection: FormRejection) -> Problem {
    match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => unsupported(FORM),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::bad_request("bad-form", "the body is no form: names and values in percent-encoded UTF-8")
            .at("body"),
    }
}

/// Twilio reports what became of a message.
#[utoipa::path(post, path = "/webhooks/twilio/status", tag = "webhooks", security(()),
    params(("a" = Option<String>, Query, description = "Our attempt, as given to Twilio: `<message id>.<n>`.")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's signed form; `MessageSid`, `MessageStatus` and `ErrorCode` are read."),
    responses(
        (status = 204, description = "Taken in; also when it is about nothing we know."),
        (status = 403, description = "Not signed by Twilio for this address.", body = Problem),
        (status = 413, description = "Too large.", body = Problem),
        (status = 415, description = "Not a form.", body = Problem),
        (status = 503, description = "Not stored; to be repeated.", body = Problem)))]
pub async fn status(State(app): State<AppState>, form: SignedForm) -> Result<StatusCode, Problem> {
    if let Some(report) = report_of(&form) {
        app.door.report(report).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn report_of(form: &SignedForm) -> Option<Report> {
    let sid = form.get("MessageSid").or_else(|| form.get("SmsSid")).filter(|sid| !sid.is_empty())?;
    let word = form.get("MessageStatus").or_else(|| form.get("SmsStatus"))?;
    let status = status_of(word).filter(|status| *status != MessageStatus::Received)?;
    let error_code = form.get("ErrorCode").and_then(|code| code.parse().ok());
    Some(form.report(sid, status, error_code))
}

/// Twilio passes on a text that a person sent.
#[utoipa::path(post, path = "/webhooks/twilio/inbound", tag = "webhooks", security(()),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's signed form; `MessageSid`, `From`, `To` and `Body` are read."),
    responses(
        (status = 200, description = "Taken in; TwiML without words.", body = String, content_type = "text/xml"),
        (status = 403, description = "Not signed by Twilio for this address.", body = Problem),
        (status = 413, description = "Too large.", body = Problem),
        (status = 415, description = "Not a form.", body = Problem),
        (status = 503, description = "Not stored; to be repeated.", body = Problem)))]
pub async fn inbound(State(app): State<AppState>, form: SignedForm) -> Result<Response, Problem> {
    if let Some((reply, to)) = reply_of(&form) {
        app.door.inbound(reply, to).await?;
    }
    Ok(([(header::CONTENT_TYPE, "text/xml")], NO_WORDS).into_response())
}

fn reply_of(form: &SignedForm) -> Option<(Reply, String)> {
    let sid = form.get("MessageSid").or_else(|| form.get("SmsSid")).filter(|sid| !sid.is_empty())?;
    let from = E164::parse(form.get("From")?)?;
    let body = form.get("Body").unwrap_or_default().to_owned();
    let to = form.get("To").unwrap_or_default().to_owned();
    Some((Reply { from, body, sid: sid.to_owned(), about: None }, to))
}

/// Twilio tells which key was pressed during a call (answered with TwiML), or what became of the call.
#[utoipa::path(post, path = "/webhooks/twilio/voice", tag = "webhooks", security(()),
    params(("a" = Option<String>, Query, description = "Our attempt, as given to Twilio: `<message id>.<n>`."),
        ("l" = Option<String>, Query, description = "The language of the call, `zh-CN` or `en`.")),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "Twilio's signed form; `CallSid`, `Digits`, `CallStatus` and `AnsweredBy` are read."),
    responses(
        (status = 200, description = "Taken in; TwiML with what is said next.", body = String, content_type = "text/xml"),
        (status = 403, description = "Not signed by Twilio for this address.", body = Problem),
        (status = 413, description = "Too large.", body = Problem),
        (status = 415, description = "Not a form.", body = Problem),
        (status = 503, description = "Not stored; to be repeated.", body = Problem)))]
pub async fn voice(State(app): State<AppState>, form: SignedForm) -> Result<Response, Problem> {
    let twiml = match form.get("Digits") {
        Some(digits) => {
            let key = digits.chars().next().filter(char::is_ascii_digit);
            let counts = match (key, form.message_id()) {
                (Some(key), Some(id)) => app.door.keyed(id, key).await?,
                _ => false,
            };
            let words = match key.filter(|_| counts) {
                Some('1') => "call-bed",
                Some('2') => "call-fine",
                _ => "call-bye",
            };
            let locale = form.locale.unwrap_or_default();
            format!("<Response>{}</Response>", say(locale, &app.words.phrase(locale, words, &[])))
        }
        None => {
            if let Some(report) = call_report(&form) {
                app.door.report(report).await?;
            }
            NO_WORDS.to_owned()
        }
    };
    Ok(([(header::CONTENT_TYPE, "text/xml")], twiml).into_response())
}

/// What became of a call. One that a machine took did not arrive.
fn call_report(form: &SignedForm) -> Option<Report> {
    let sid = form.get("CallSid").filter(|sid| !sid.is_empty())?;
    let by_machine = form.get("AnsweredBy").is_some_and(|by| by.starts_with("machine") || by == "fax");
    let status = match status_of(form.get("CallStatus")?)? {
        MessageStatus::Delivered if by_machine => MessageStatus::Undelivered,
        status => status,
    };
    Some(form.report(sid, status, None))
}
