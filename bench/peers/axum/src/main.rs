// Peer: bare axum. One SQLite point read a request, inline on a thread-local connection: its fastest way. No authentication.
use axum::{extract::Path, http::{header, StatusCode}, response::IntoResponse, routing::get, Router};
use std::{cell::RefCell, env};

thread_local! { static DB: RefCell<Option<rusqlite::Connection>> = const { RefCell::new(None) }; }

async fn job(Path(id): Path<i64>) -> Result<impl IntoResponse, StatusCode> {
    DB.with(|cell| {
        let mut db = cell.borrow_mut();
        if db.is_none() {
            *db = Some(rusqlite::Connection::open(env::var("DB").unwrap()).unwrap());
        }
        let mut read = db.as_ref().unwrap().prepare_cached("SELECT id, tenant, status, body FROM jobs WHERE id = ?1").unwrap();
        read.query_row([id], |row| {
            Ok(serde_json::json!({"id": row.get::<_, i64>(0)?, "tenant": row.get::<_, String>(1)?,
                "status": row.get::<_, String>(2)?, "body": row.get::<_, String>(3)?}).to_string())
        })
        .map(|text| ([(header::CONTENT_TYPE, "application/json")], text))
        .map_err(|_| StatusCode::NOT_FOUND)
    })
}

#[tokio::main]
async fn main() {
    let app = Router::new().route("/jobs/{id}", get(job));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", env::var("PORT").unwrap())).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
