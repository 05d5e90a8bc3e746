//! Carriers in the configuration: each mistake is told with its place and how to mend it.

use crate::config::refused;

#[test]
fn each_mistake_of_a_carrier_is_told_with_how_to_mend_it() {
    let cases: &[(&str, &[&str])] = &[
        (
            "[sms]\nprovider = 'aliyun'\n[sms.aliyun]\nsign_name = '【橡园】'\napi_url = 'http://example.com'",
            &[
                "np.toml:3:6: sms.aliyun.access_key_id: is missing; give the access key's id, LTAI…",
                "np.toml:3:6: sms.aliyun.access_key_secret: is missing; give access_key_secret_file (or access_key_secret)",
                "np.toml:3:6: sms.aliyun.templates: is missing: Aliyun sends approved templates only; give the codes of your \
                 approved templates, e.g. [sms.aliyun.templates.zh-CN] leak_tenant = \"SMS_123456789\"",
                "np.toml:4:1: sms.aliyun.sign_name: expected the approved signature, without brackets 【】",
                "np.toml:5:1: sms.aliyun.api_url: would send numbers and texts unencrypted; use https://",
            ],
        ),
        (
            "[sms.routes]\n'+1' = ['twilio']",
            &[
                "np.toml:1:2: sms.twilio.account_sid: expected the account's SID, AC…",
                "np.toml:1:2: sms.twilio.auth_token: is missing; give auth_token_file (or auth_token)",
                "np.toml:1:2: sms.twilio.from: is missing; give from or messaging_service_sid",
                "np.toml:1:2: sms.provider: texts to numbers outside [sms.routes] would only be printed; give the carrier of \
                 all other numbers, \"twilio\" or \"aliyun\"",
            ],
        ),
        (
            "[sms]\nprovider = 'twilio'\n[sms.twilio]\naccount_sid = 'AC1'\nauth_token = 'x'\nfrom = '+15005550006'\n[sms.routes]\n\
             86 = ['twilio']\n'+1' = []\n'+44' = ['twilio', 'twilio']\n'+49' = ['twilio', 'console']",
            &[
                "np.toml:8:1: sms.routes.86: expected a country calling code, e.g. \"+86\"",
                "np.toml:9:1: sms.routes.+1: names no carrier; give one or more, e.g. [\"aliyun\", \"twilio\"]",
                "np.toml:10:1: sms.routes.+44: names twilio twice; each carrier has one place in the order",
                "np.toml:11:1: sms.routes.+49: console prints and sends nothing: nobody there would be reached; take it out",
            ],
        ),
        (
            "[sms]\nprovider = 'twilio'\n[sms.twilio]\naccount_sid = 'AC1'\nauth_token = 'x'\nfrom = '+15005550006'\n[sms.routes]\n'+33' = ['twilio', 'aliyun']",
            &[
                "np.toml:1:2: sms.aliyun.access_key_id: is missing; give the access key's id, LTAI…",
                "np.toml:1:2: sms.aliyun.access_key_secret: is missing; give access_key_secret_file (or access_key_secret)",
                "np.toml:1:2: sms.aliyun.sign_name: expected the approved signature, without brackets 【】",
                "np.toml:1:2: sms.aliyun.templates: is missing: Aliyun sends approved templates only; give the codes of your \
                 approved templates, e.g. [sms.aliyun.templates.zh-CN] leak_tenant = \"SMS_123456789\"",
                "np.toml:8:1: sms.routes.+33: Aliyun takes numbers of mainland China (+86) only; take it out here",
            ],
        ),
        (
            "[sms]\nprovider = 'twilio'\n[sms.twilio]\naccount_sid = 'AC1'\nauth_token = 'x'\nfrom = '+15005550006'\n[sms.routes]\n'+33' = ['twillio']",
            &["np.toml:8:10: sms.routes.+33.0: unknown word \"twillio\"; did you mean \"twilio\"?"],
        ),
        (
            "[sms.aliyun.templates.zh-CN]\nleak_tennant = 'SMS_1'\nleak_tenant = '17'",
            &[
                r#"np.toml:2:1: sms.aliyun.templates.zh-CN.leak_tennant: there are no words "leak_tennant"; did you mean "leak_tenant"?"#,
                "np.toml:3:1: sms.aliyun.templates.zh-CN.leak_tenant: expected the code of an approved template, SMS_ and a number",
            ],
        ),
    ];
    for (text, lines) in cases {
        refused(text, &[], lines);
    }
}

#[test]
fn one_carrier_needs_no_routes_and_several_have_their_order() {
    use nightporter::model::CarrierName::{Aliyun, Twilio};
    use nightporter::model::E164;
    let text = "[sms]\nprovider = 'twilio'\n[sms.routes]\n'+86' = ['aliyun', 'twilio']\n[sms.twilio]\naccount_sid = 'AC1'\n\
                auth_token = 'x'\nfrom = '+15005550006'\n[sms.aliyun]\naccess_key_id = 'LTAI'\naccess_key_secret = 'y'\n\
                sign_name = '橡园'\n[sms.aliyun.templates.zh-CN]\nleak_tenant = 'SMS_1'";
    let config = crate::config::parse(text);
    let number = |text: &str| E164::parse(text).expect("a number");
    let routes = config.policy().routes;
    assert_eq!(routes.to(&number("+8613800138000")), [Aliyun, Twilio]);
    assert_eq!(routes.to(&number("+14155550101")), [Twilio]);
    assert!(config.sms.account(None).is_some() && config.sms.aliyun_account().is_some());
    let one = crate::config::parse(text.replace("'+86' = ['aliyun', 'twilio']", "").as_str());
    assert_eq!(one.policy().routes.to(&number("+8613800138000")), [Twilio]);
    assert!(one.sms.aliyun_account().is_none());
}
