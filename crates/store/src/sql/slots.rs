//! What apps told by their log drains.

use super::Database;
use super::{query, query_as};
use crate::error::Fault;
use crate::read::{at, readable};
use crate::{Error, SLOTS_MAX, Slots, StoredSlot};
use async_trait::async_trait;
use flyball_model::{AppName, Timestamp};

#[async_trait]
impl Slots for Database {
    async fn note_slots(&self, slots: &[StoredSlot]) -> Result<(), Error> {
        if slots.is_empty() {
            return Ok(());
        }
        let noted = async {
            let mut tx = self.writing().await?;
            let sql = "INSERT INTO slots (app, at, node, told) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (app, at, node) DO UPDATE SET told = excluded.told";
            for slot in slots {
                let row = query(sql).bind(slot.app.as_str()).bind(slot.at.as_millis()).bind(slot.node.to_string());
                row.bind(&slot.told[..]).execute(&mut *tx).await?;
            }
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note what apps told"))
    }

    async fn slots(&self, app: &AppName, since: Timestamp, until: Timestamp) -> Result<Vec<StoredSlot>, Error> {
        let read = async {
            let sql = "SELECT at, node, told FROM slots WHERE app = $1 AND at >= $2 AND at < $3 \
                       ORDER BY at DESC, node DESC LIMIT $4";
            let rows: Vec<(i64, String, Vec<u8>)> = query_as(sql)
                .bind(app.as_str())
                .bind(since.as_millis())
                .bind(until.as_millis())
                .bind(i64::from(SLOTS_MAX))
                .fetch_all(&mut *self.reading().await?)
                .await?;
            readable(rows.into_iter().rev().collect(), |(begins, node, told)| {
                let node = node.parse().map_err(|_| Fault::unreadable(format!("a slot of {app}"), node))?;
                Ok::<_, Fault>(StoredSlot { app: app.clone(), at: at(begins), node, told })
            })
        };
        read.await.map_err(self.told("read what an app told"))
    }
}
