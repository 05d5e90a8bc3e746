//! Alibaba's error codes as data: what each means and what to do. It decides nothing else and sends nothing.
//!
//! Source: Alibaba Cloud, Short Message Service, "API error codes" (document 101346) and the gateway's common codes.

use crate::deliver::carrier::Action;
use crate::deliver::carrier::codes::UNKNOWN_CODE;
use crate::model::time::{HOUR, MINUTE};

/// Each code, what it means, what to do; in the order of the codes.
pub const ERROR_CODES: &[(&str, &str, Action)] = &[
    ("Forbidden.RAM", "the access key may not use this service: give it AliyunDysmsFullAccess", Action::StopQueue),
    ("IncompleteSignature", "the signature does not fit: check access_key_secret", Action::StopQueue),
    ("InternalError", "the carrier had an internal error", Action::AskCarrier),
    ("InvalidAccessKeyId.Inactive", "the access key is disabled", Action::StopQueue),
    ("InvalidAccessKeyId.NotFound", "no such access key: check access_key_id", Action::StopQueue),
    ("InvalidTimeStamp.Expired", "this machine's clock is off by more than 15 minutes", Action::StopQueue),
    ("NoPermission", "the access key may not use this service: give it AliyunDysmsFullAccess", Action::StopQueue),
    ("ServiceUnavailable", "the carrier is not available", Action::AskCarrier),
    ("SignatureDoesNotMatch", "the signature does not fit: check access_key_secret", Action::StopQueue),
    ("isp.GATEWAY_ERROR", "the carrier's gateway had an error", Action::AskCarrier),
    ("isp.RAM_PERMISSION_DENY", "the access key may not send: give it AliyunDysmsFullAccess", Action::StopQueue),
    ("isp.SYSTEM_ERROR", "the carrier had an internal error", Action::AskCarrier),
    ("isp.UNKNOWN", "the carrier had an error that it does not name", Action::AskCarrier),
    ("isv.ACCOUNT_ABNORMAL", "the account is not in order", Action::StopQueue),
    ("isv.ACCOUNT_NOT_EXISTS", "no such account", Action::StopQueue),
    ("isv.AMOUNT_NOT_ENOUGH", "the account has no money left", Action::StopQueue),
    ("isv.BLACK_KEY_CONTROL_LIMIT", "a variable holds a forbidden word", Action::OtherChannel),
    ("isv.BUSINESS_LIMIT_CONTROL", "over the limit for one number by minute, hour or day", IN_AN_HOUR),
    ("isv.DAY_LIMIT_CONTROL", "the account's limit for the day is reached", Action::StopQueue),
    ("isv.DENY_IP_RANGE", "the carrier takes requests from addresses in mainland China only", Action::StopQueue),
    ("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "the template is for numbers abroad", Action::PageOperator),
    ("isv.EXTEND_CODE_ERROR", "the extension code belongs to another signature", Action::PageOperator),
    ("isv.INVALID_JSON_PARAM", "the variables are not what the template expects", Action::PageOperator),
    ("isv.INVALID_PARAMETERS", "a parameter is not what the carrier expects", Action::PageOperator),
    ("isv.MOBILE_COUNT_OVER_LIMIT", "too many numbers at once", Action::PageOperator),
    ("isv.MOBILE_NUMBER_ILLEGAL", "the number is not valid", Action::FlagNumber),
    ("isv.MONTH_LIMIT_CONTROL", "the account's limit for the month is reached", Action::StopQueue),
    ("isv.OUT_OF_SERVICE", "the account is suspended for want of money", Action::StopQueue),
    ("isv.PARAM_LENGTH_LIMIT", "a variable is longer than the template allows", Action::OtherChannel),
    ("isv.PARAM_NOT_SUPPORT_URL", "a variable holds a web address", Action::OtherChannel),
    ("isv.PRODUCT_UNSUBSCRIBE", "the service is not activated for this account", Action::StopQueue),
    ("isv.PRODUCT_UN_SUBSCRIPT", "the service is not activated for this account", Action::StopQueue),
    ("isv.SIGN_STATE_ILLEGAL", "the signature (sign_name) is not approved", Action::StopQueue),
    ("isv.SMS_CONTENT_ILLEGAL", "the text holds what may not be sent", Action::OtherChannel),
    ("isv.SMS_SIGNATURE_ILLEGAL", "the signature (sign_name) is not one of the account", Action::StopQueue),
    ("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "the signature (sign_name) is for another kind of text", Action::StopQueue),
    ("isv.SMS_SIGN_ILLEGAL", "the signature (sign_name) may not be used", Action::StopQueue),
    ("isv.SMS_TEMPLATE_ILLEGAL", "the template is not one of the account, or is not approved", Action::PageOperator),
    ("isv.SMS_TEST_NUMBER_LIMIT", "a test template sends to registered numbers only", Action::PageOperator),
    ("isv.TEMPLATE_MISSING_PARAMETERS", "the template has a variable that was not given", Action::PageOperator),
    ("isv.TEMPLATE_PARAMS_ILLEGAL", "a variable is not of the kind that the template declares", Action::OtherChannel),
];

/// Words of status receipts (`ErrCode` of `QuerySendDetails`): why a text that was taken did not arrive; in their order.
/// Source: the same document, "receipt error codes". Operators of networks have words of their own beside these.
pub const RECEIPTS: &[(&str, &str, Action)] = &[
    ("CONTENT_ERROR", "the network takes texts of this kind with other words only", Action::PageOperator),
    ("CONTENT_KEYWORD", "the network found a forbidden word", Action::OtherChannel),
    ("INVALID_NUMBER", "the number is not in order", Action::FlagNumber),
    ("IS_CLOSE", "the carrier's way to this network is closed", IN_MINUTES),
    ("IS_CLOSED", "the carrier's way to this network is closed", IN_MINUTES),
    ("MOBILE_ACCOUNT_ABNORMAL", "the number's own account is not in order", Action::FlagNumber),
    ("MOBILE_IN_BLACK", "the person or the network blocks the sender", Action::OtherChannel),
    ("MOBILE_NOT_ON_SERVICE", "the phone is off, out of reach or no longer in use", IN_MINUTES),
    ("MOBILE_SEND_LIMIT", "over the limit for one number by day or month", Action::OtherChannel),
    ("MOBILE_TERMINAL_ERROR", "the phone cannot take it: full, or no longer sound", IN_MINUTES),
    ("MOBLLE_TERMINAL_ERROR", "the phone cannot take it: full, or no longer sound", IN_MINUTES),
    ("NO_ROUTE", "the carrier has no way for this text", Action::OtherChannel),
    ("PARAMS_ILLEGAL", "the signature, words or number are not in order", Action::PageOperator),
    ("REQUEST_SUCCESS", "sent, and the network said nothing more", Action::OtherChannel),
    ("SP_NOT_BY_INTER_SMS", "the number takes no texts from abroad", Action::OtherChannel),
    ("SP_UNKNOWN_ERROR", "the network gave no reason", UNKNOWN_CODE),
    ("UNKNOWN", "the network gave no reason", UNKNOWN_CODE),
    ("USER_REJECT", "the person has refused texts of this sender", Action::OtherChannel),
];

const IN_MINUTES: Action = Action::Retry { after: 3 * MINUTE, times: 2 };
const IN_AN_HOUR: Action = Action::Retry { after: HOUR, times: 3 };
const IN_A_MINUTE: Action = Action::Retry { after: MINUTE, times: 3 };

/// What a code means and what to do about it. One code has three limits in it, which only the message tells apart.
pub fn lookup(code: &str, message: &str) -> (Option<&'static str>, Action) {
    let row = ERROR_CODES.binary_search_by_key(&code, |row| row.0).ok().map(|at| &ERROR_CODES[at]);
    match row {
        Some((code, meaning, _)) if *code == "isv.BUSINESS_LIMIT_CONTROL" => (Some(meaning), limited(message)),
        Some((_, meaning, action)) => (Some(meaning), *action),
        None => (None, UNKNOWN_CODE),
    }
}

/// What the word of a receipt means and what to do about it.
pub fn lookup_receipt(word: &str) -> (Option<&'static str>, Action) {
    let row = RECEIPTS.binary_search_by_key(&word, |row| row.0).ok().map(|at| &RECEIPTS[at]);
    row.map_or((None, UNKNOWN_CODE), |(_, meaning, action)| (Some(meaning), *action))
}

/// The carrier's words: by the minute, by the hour, by the day. A day is too long to wait.
fn limited(message: &str) -> Action {
    match message {
        m if m.contains('分') => IN_A_MINUTE,
        m if m.contains('天') => Action::OtherChannel,
        _ => IN_AN_HOUR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_something() {
        assert!(ERROR_CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(RECEIPTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(RECEIPTS.iter().all(|row| row.1.len() > 10 && lookup_receipt(row.0) == (Some(row.1), row.2)));
        for (code, meaning, action) in ERROR_CODES {
            assert!(meaning.len() > 10, "{code}");
            assert_eq!(lookup(code, "").1, *action);
        }
    }

    #[test]
    fn a_limit_is_told_by_its_words_and_the_unknown_is_tried_once_more() {
        let limit = |words| lookup("isv.BUSINESS_LIMIT_CONTROL", words).1;
        assert_eq!(limit("触发分钟级流控Permits:1"), IN_A_MINUTE);
        assert_eq!(limit("触发小时级流控Permits:5"), IN_AN_HOUR);
        assert_eq!(limit("触发天级流控Permits:10"), Action::OtherChannel);
        assert_eq!(lookup("isv.NEW", ""), (None, UNKNOWN_CODE));
    }
}
