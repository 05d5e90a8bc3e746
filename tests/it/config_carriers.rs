//! Carriers in the configuration: each mistake is told with its place and how to mend it.

use crate::config::refused;

#[test]
fn each_mistake_of_a_carrier_is_told_with_how_to_mend_it() {
    let cases: &[(&str, &[&str])] = &[
        (
            "[sms]\nprovider = 'aliyun'\n[sms.aliyun]\nsign_name = '【橡园】'\napi_url = 'http://example.com'",
            &[
                "np.toml:5:1: sms.aliyun.api_url: would send numbers and texts unencrypted; use https://",
                "np.toml:3:6: sms.aliyun.access_key_id: is missing; give the access key's id, LTAI…",
                "np.toml:3:6: sms.aliyun.access_key_secret: is missing; give access_key_secret_file (or access_key_secret)",
                "np.toml:4:1: sms.aliyun.sign_name: expected the approved signature, without brackets 【】",
                "np.toml:3:6: sms.aliyun.templates: is missing: Aliyun sends approved templates only; give the codes of your \
                 approved templates, e.g. [sms.aliyun.templates.zh-CN] leak_tenant = \"SMS_123456789\"",
            ],
        ),
        (
            "[sms.aliyun.templates.zh-CN]\nleak_tennant = 'SMS_1'\nleak_tenant = '17'",
            &[
                "np.toml:3:1: sms.aliyun.templates.zh-CN.leak_tenant: expected the code of an approved template, SMS_ and a number",
                r#"np.toml:2:1: sms.aliyun.templates.zh-CN.leak_tennant: there are no words "leak_tennant"; did you mean "leak_tenant"?"#,
            ],
        ),
    ];
    for (text, lines) in cases {
        refused(text, &[], lines);
    }
}
