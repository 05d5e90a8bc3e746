//! The OpenAPI document, made from the types that are served, and the routes, made from the same descriptions.
//!
//! A handler is served at the method and path of its `#[utoipa::path]`, so the two cannot disagree; a test checks that
//! every route is in the document and every entry of the document is served.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, HttpMethod, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::body::JSON;
use super::problem::PROBLEM_JSON;
use super::{AppState, api, health, session, webhooks};

/// Routes that stand in the document.
#[derive(Debug, Default)]
pub struct Routes {
    router: Router<AppState>,
    /// Method and documented path.
    served: Vec<(&'static str, String)>,
}

impl Routes {
    /// Serves `handler` where the description `P` says.
    pub fn add<P: utoipa::Path, H: Handler<T, AppState>, T: 'static>(self, handler: H) -> Self {
        self.add_at::<P, H, T>(&P::path(), handler)
    }

    /// As [`Routes::add`], at a path that catches more than the documented one.
    pub fn add_at<P: utoipa::Path, H: Handler<T, AppState>, T: 'static>(mut self, path: &str, handler: H) -> Self {
        for method in P::methods() {
            let (filter, name) = method_of(&method);
            self.router = self.router.route(path, on(filter, handler.clone()));
            self.served.push((name, P::path()));
        }
        self
    }

    /// Notes that `P` is answered by a route that was added with another description.
    pub fn also<P: utoipa::Path>(mut self) -> Self {
        self.served.extend(P::methods().iter().map(|method| (method_of(method).1, P::path())));
        self
    }

    /// The routes.
    pub fn into_router(self) -> Router<AppState> {
        self.router
    }
}

fn method_of(method: &HttpMethod) -> (MethodFilter, &'static str) {
    match method {
        HttpMethod::Get => (MethodFilter::GET, "get"),
        HttpMethod::Post => (MethodFilter::POST, "post"),
        HttpMethod::Delete => (MethodFilter::DELETE, "delete"),
        _ => unreachable!("no handler describes itself with another method"),
    }
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Nightporter",
        description = "Proactive care for rented homes with smart locks and leak sensors. Times are RFC 3339 in UTC, \
                       money is in minor units, lists are read page by page with `limit` and `after`, errors are \
                       RFC 9457 problem details."
    ),
    paths(
        api::devices::list, api::devices::one, api::devices::battery, api::catalogue::list,
        api::field::adopt, api::field::dismiss, api::field::swap, api::field::quarantine,
        api::tickets::list, api::tickets::one, api::tickets::events,
        api::commands::accept, api::commands::decline, api::commands::arrive,
        api::commands::eta, api::commands::fail, api::commands::wait, api::commands::resume, api::commands::resolve,
        api::commands::reassign, api::commands::note, api::commands::cancel,
        api::photos::add, api::photos::one, api::jobs::jobs, api::home::home, api::home::say, api::home::photo,
        api::requests::create, api::conversations::list, api::conversations::answer, api::conversations::leave,
        api::goodwill::give, api::praise::list,
        api::messages::list, api::messages::one, api::ledger::rewards, api::ledger::redeem, api::ledger::trial_balance,
        api::commands::valve, api::valves::list, api::addresses::one, api::addresses::make, api::addresses::end, api::tasks::list, api::tasks::done, api::stats::stats, api::stats::tickets, api::trials::tones, api::trials::automation, api::rota::rota, api::rota::swap, api::rota::cancel,
        api::board::board, api::events::events, api::rejects::list,
        api::sweep::sweep, api::sweep::release,
        health::healthz, health::readyz, health::metrics, health::openapi_json,
        session::begin, session::end,
        webhooks::status, webhooks::inbound, webhooks::voice,
    ),
    modifiers(&Bearer, &Refusals),
    security(("bearer" = [])),
    tags(
        (name = "devices", description = "What devices told."),
        (name = "tickets", description = "Problems being looked after, and the moves people make."),
        (name = "people", description = "Housekeepers: who works when, what they had and have to do; tenants: their home."),
        (name = "messages", description = "What was said to and by people."),
        (name = "money", description = "Rewards, in a double-entry ledger that is only ever added to."),
        (name = "service", description = "The service itself."),
        (name = "webhooks", description = "For the carrier, signed."),
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token, made by `nightporter token create`."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What every route of the API may answer, with what it says where its description has no words of its own.
const REFUSALS: [(&str, &str); 4] = [
    ("400", "The request cannot be understood."),
    ("401", "No known token."),
    ("403", "Not with this role."),
    ("503", "The database is away; nothing changed."),
];

/// Every problem goes out as a problem, and every route of the API may refuse.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                for (status, words) in REFUSALS.into_iter().filter(|_| path.starts_with("/api/v1/")) {
                    responses.entry(status.to_owned()).or_insert_with(|| refusal(words).into());
                }
                responses.values_mut().for_each(as_problem);
            }
        }
    }
}

fn refusal(words: &str) -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(words).content(JSON, problem).build()
}

fn as_problem(response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    let problem = RefOr::from(Ref::from_schema_name("Problem"));
    let tells = |content: &RefOr<Content>| matches!(content, RefOr::T(c) if c.schema.as_ref() == Some(&problem));
    let content = std::mem::take(&mut response.content);
    let named = |(kind, content)| (if tells(&content) { PROBLEM_JSON.to_owned() } else { kind }, content);
    response.content = content.into_iter().map(named).collect();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_in_the_document_and_every_entry_is_served() {
        let routes = [api::routes, health::routes, webhooks::routes, session::routes];
        let routes = routes.into_iter().fold(Routes::default(), |routes, add| add(routes));
        let served: BTreeSet<_> = routes.served.iter().map(|(method, path)| (*method, path)).collect();
        let document = document();
        let mut described = BTreeSet::new();
        for (path, item) in &document.paths.paths {
            described.extend(item.get.iter().map(|_| ("get", path)));
            described.extend(item.post.iter().map(|_| ("post", path)));
            described.extend(item.delete.iter().map(|_| ("delete", path)));
        }
        assert_eq!(served, described);
        assert_eq!(routes.served.len(), served.len(), "nothing is served twice");
    }
}
