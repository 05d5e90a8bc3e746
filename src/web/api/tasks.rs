//! What managers have to do about tickets: a bed for the night, and what playbooks put on their list.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, NoParams, Nothing, Paged, Time};
use crate::model;
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::Body;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params, page};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes.add::<__path_list, _, _>(list).add::<__path_done, _, _>(done)
}

/// Something that a manager has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Task {
    id: String,
    ticket_id: String,
    property_id: String,
    /// In or for which unit; null where it is for the property.
    #[schema(required)]
    unit_id: Option<String>,
    /// What: `bed`, or the words of the playbook's step.
    what: String,
    /// Local day.
    #[schema(example = "2026-01-05")]
    from: String,
    /// Local day; of a bed the day of leaving.
    #[schema(example = "2026-01-06")]
    to: String,
    created_at: Time,
    #[schema(required)]
    done_at: Option<Time>,
    #[schema(required)]
    done_by: Option<String>,
}

impl From<model::Task> for Task {
    fn from(t: model::Task) -> Self {
        let (done_at, done_by) = t.done.unzip();
        Self {
            id: t.id,
            ticket_id: t.ticket_id.0,
            property_id: t.property_id.0,
            unit_id: t.unit_id.map(|u| u.0),
            what: t.what,
            from: t.from.to_string(),
            to: t.to.to_string(),
            created_at: t.created_at.into(),
            done_at: done_at.map(Time::from),
            done_by,
        }
    }
}

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskParams {
    /// Those to be done (true), or those that are done.
    open: Option<bool>,
    /// Rows of the page, 1 to 500; 50 when absent.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
}

/// What managers have to do, by when it came up, the oldest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tickets", operation_id = "list_tasks", params(TaskParams), responses(
    (status = 200, description = "A page of tasks.", body = Paged<Task>),
    (status = 400, description = "The query cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem)))]
pub async fn list(State(app): State<AppState>, caller: Caller, Params(q): Params<TaskParams>) -> Answer<Paged<Task>> {
    caller.need(Right::Property)?;
    let page = page(q.limit, q.after.as_deref())?;
    let rows = app.store.read().await?.list_tasks(caller.properties(), q.open, &page).await?;
    Ok(Paged::of(&rows, page.limit, |t| (t.created_at.0, t.id.as_str()), |t| Some(Task::from(t.clone()))))
}

/// It is done. Twice is once.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/done", tag = "tickets", operation_id = "finish_task",
    params(("id" = String, Path, description = "Task id.")), request_body = Nothing, responses(
    (status = 200, description = "The task as it is now.", body = Task),
    (status = 400, description = "The request cannot be understood.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such task in the token's scope.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "A field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn done(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    _: Body<Nothing>,
) -> Answer<Task> {
    caller.need(Right::Lead)?;
    one(&app, &caller, &id).await?;
    app.door.finish_task(id.clone(), caller.actor()).await?;
    Ok(Json(Task::from(one(&app, &caller, &id).await?)))
}

async fn one(app: &AppState, caller: &Caller, id: &str) -> Result<model::Task, Problem> {
    let task = app.store.read().await?.task(id).await?;
    task.filter(|t| caller.sees(Some(t.property_id.as_str()))).ok_or_else(|| Problem::not_found("task"))
}
