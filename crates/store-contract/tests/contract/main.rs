//! What every store promises, whichever database is behind it.
//!
//! Each promise is a function over any [`Database`]; the last lines of this file say which databases keep them all.

#![expect(clippy::unwrap_used, reason = "a promise that is not kept ends its test")]

mod claiming;
mod facts;
mod fixtures;
mod holding;
mod incidents;
mod made;
mod pausing;
mod people;
mod presence;
mod reading;
mod retention;
mod saving;
mod sending;
mod signals;
mod slots;
mod spells;
mod telling;
mod texts;

use flyball_scratch::Scratch;
use flyball_store::{Postgres, Server, Sqlite, Store};
use std::sync::Arc;

/// A database of its own for one test, which can be opened as often as wanted, as by several processes.
trait Database {
    /// The store on it.
    type Store: Store + 'static;

    /// A new, empty one.
    async fn new() -> Self;

    /// Opens it, once more.
    async fn open(&self) -> Arc<Self::Store>;

    /// Closes one of its stores, as a process does that ends.
    async fn close(&self, store: Arc<Self::Store>);

    /// Runs SQL beside the stores: what a damaged disk or another version may have done.
    async fn tamper(&self, sql: &'static str);

    /// Takes it away, once the promise was kept.
    async fn remove(&self);
}

/// A SQLite file in a directory of its own.
struct SqliteFile {
    directory: tempfile::TempDir,
}

impl SqliteFile {
    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("flyball.db")
    }
}

impl Database for SqliteFile {
    type Store = Sqlite;

    async fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    async fn open(&self) -> Arc<Sqlite> {
        Arc::new(Sqlite::open(&self.path()).await.unwrap())
    }

    async fn close(&self, store: Arc<Sqlite>) {
        store.close().await;
    }

    async fn tamper(&self, sql: &'static str) {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path());
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The directory goes by itself.
    async fn remove(&self) {}
}

/// A PostgreSQL database of its own.
struct PostgresDatabase {
    scratch: Scratch,
}

impl Database for PostgresDatabase {
    type Store = Postgres;

    async fn new() -> Self {
        Self { scratch: Scratch::new().await.unwrap() }
    }

    async fn open(&self) -> Arc<Postgres> {
        Arc::new(Postgres::open(&Server::of(&self.scratch.url()).unwrap()).await.unwrap())
    }

    async fn close(&self, store: Arc<Postgres>) {
        store.close().await;
    }

    async fn tamper(&self, sql: &'static str) {
        let mut connection = self.scratch.connect().await.unwrap();
        sqlx::raw_sql("SET search_path = flyball").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }

    async fn remove(&self) {
        self.scratch.remove().await.unwrap();
    }
}

/// One that is reached through a pooler that lends connections for one transaction.
struct PooledDatabase(PostgresDatabase);

impl Database for PooledDatabase {
    type Store = Postgres;

    async fn new() -> Self {
        Self(PostgresDatabase::new().await)
    }

    async fn open(&self) -> Arc<Postgres> {
        Arc::new(Postgres::open(&Server::of(&self.0.scratch.pooled_url()).unwrap()).await.unwrap())
    }

    async fn close(&self, store: Arc<Postgres>) {
        store.close().await;
    }

    async fn tamper(&self, sql: &'static str) {
        self.0.tamper(sql).await;
    }

    async fn remove(&self) {
        self.0.remove().await;
    }
}

macro_rules! promises {
    ($database:ty, $($module:ident { $($promise:ident)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let database = <$database as crate::Database>::new().await;
                crate::$module::$promise(&database).await;
                crate::Database::remove(&database).await;
            })*
        })*
    };
}

macro_rules! every_promise_is_kept_by {
    ($name:ident: $database:ty) => {
        mod $name {
            promises! { $database,
                saving {
                    everything_saved_is_read_back
                    a_batch_is_saved_whole_or_not_at_all
                    of_what_is_remembered_once_the_later_wins
                    a_save_cut_short_anywhere_leaves_all_or_nothing
                    the_same_reading_saved_twice_is_there_once
                    what_was_found_since_a_state_was_saved_is_told
                    of_some_monitors_it_says_what_it_says_of_all
                    definitions_that_are_gone_are_retired_and_may_come_back
                    text_from_outside_cannot_break_out_of_a_statement
                }
                claiming {
                    a_run_is_claimed_by_exactly_one_of_many
                    an_app_has_one_running_effect_at_a_time
                    a_one_off_stands_outside_the_order
                    an_app_is_free_again_once_its_run_has_ended
                    the_same_app_on_another_host_is_another_app
                    runs_come_due_first_queued_first_and_bounded
                }
                sending {
                    a_run_is_marked_sent_once_in_its_life
                    a_run_ends_once
                    a_run_that_was_never_claimed_can_be_ended
                    what_ended_was_written_with_its_lines
                    a_node_that_took_over_fences_the_other_off
                    a_claim_that_lapsed_comes_due_and_can_be_taken
                    taking_over_leaves_queued_runs_as_they_are
                    a_look_that_was_put_off_comes_due_later
                    request_ids_are_kept_in_order_and_bounded
                    a_run_in_doubt_is_settled_once
                }
                pausing {
                    a_pause_between_claim_and_send_stops_the_call
                    every_scope_stops_its_own_runs_and_no_others
                    a_pause_survives_its_process
                    a_pause_is_changed_and_not_doubled
                    a_pause_ends_by_itself
                    where_a_server_is_shared_a_pause_lasts_by_its_clock_whatever_one_machine_takes_the_time_for
                    what_was_not_paused_cannot_be_resumed
                }
                presence {
                    a_sign_of_life_is_seen_until_the_engine_leaves
                    a_sign_that_is_not_renewed_grows_old
                    what_was_written_before_is_taken_in_with_the_next_sign
                    a_store_is_lost_to_whose_sign_is_gone
                    what_a_round_saw_of_an_app_is_kept_until_the_next_sees_it
                }
                texts {
                    a_text_comes_into_force_when_it_is_first_seen_and_not_with_a_start
                    an_edit_puts_a_text_in_force_also_one_that_is_known
                    the_own_text_of_a_node_that_goes_by_anothers_stays_readable
                    who_cannot_read_what_it_goes_by_gives_its_share_away_whatever_a_person_asks
                    known_texts_are_bounded_and_those_of_nodes_stay
                }
                people {
                    a_name_is_used_once_and_users_come_by_name
                    users_are_bounded
                    the_last_admin_stays_also_where_two_remove_each_other
                    another_password_or_right_ends_the_sessions_of_that_user_alone
                    a_session_is_good_until_its_time
                    of_many_sessions_of_a_user_the_longest_unseen_goes
                    a_token_is_good_until_its_time_or_until_it_is_revoked
                    tokens_are_bounded
                    no_secret_comes_out
                    what_people_did_is_told_with_it_and_what_was_not_done_is_not
                    a_key_is_made_once_by_many_at_once
                }
                made {
                    pieces_come_by_family_in_the_order_in_which_they_were_made
                    a_change_of_what_somebody_else_changed_meanwhile_is_a_conflict
                    of_many_who_change_one_piece_at_once_one_does
                    every_change_has_a_version_of_its_own
                    a_name_is_used_once_in_a_family
                    pieces_are_bounded_in_number_and_length
                }
                holding {
                    all_who_share_it_are_told_one_time_whatever_their_own_clocks_say
                    of_many_who_take_a_shard_one_has_it
                    a_shard_changes_hands_when_it_was_given_back_or_its_lease_has_lapsed
                    a_lease_that_lapsed_and_nobody_took_is_renewed
                    who_renews_a_lease_gives_a_sign_of_life
                    what_is_written_by_a_shard_that_was_lost_is_not_written
                    a_run_is_claimed_by_who_holds_its_shard
                    only_the_runs_of_a_share_are_taken_over
                }
                facts {
                    the_last_effect_is_the_latest_that_happened_or_may_have
                    refusals_in_a_row_are_counted_from_the_last_other_end
                    outs_rollbacks_and_one_offs_are_known
                    the_end_of_a_pause_is_known_however_it_ended
                    an_overview_of_many_apps_has_the_facts_and_the_sights_of_each
                    facts_follow_an_app_through_a_rename_and_not_to_its_successor
                    open_runs_on_the_app_are_known_whosever_they_are
                    effects_are_counted_on_the_app_for_an_hour_and_by_reaction_for_ever
                    our_runs_since_an_app_was_seen_are_told_and_earlier_ones_are_not
                    what_others_changed_is_remembered_and_bounded
                }
                telling {
                    of_many_who_decide_on_the_same_one_is_heard
                    a_thread_is_there_as_it_was_left_until_it_is_closed
                    an_incident_comes_back_until_all_of_it_is_told
                    of_many_who_claim_a_notice_one_has_it
                    who_starts_alone_takes_over_what_a_dead_process_had_claimed
                    notices_of_a_thread_come_one_after_the_other
                    what_is_told_of_a_day_is_told_once
                    a_channel_fails_until_it_takes_something_again
                    what_was_told_goes_after_three_months_and_what_is_owed_never
                }
                incidents {
                    an_incident_is_there_once_in_whichever_order_and_how_often_it_is_written
                    incidents_come_newest_first_and_filtered
                    incidents_go_after_two_years_and_an_open_one_never
                    an_incident_is_written_with_its_batch_or_not_at_all
                }
                reading {
                    the_timeline_is_numbered_without_gaps_and_filtered
                    lines_of_two_processes_share_one_order
                    readings_come_oldest_first_and_bounded
                    runs_come_newest_first_and_filtered
                    a_row_that_cannot_be_read_is_left_out_of_a_list
                    a_plan_that_names_no_host_is_on_that_of_its_row
                    a_run_on_an_app_that_nobody_looked_at_is_not_taken
                    a_run_that_cannot_be_read_is_an_error_that_names_it
                }
                retention {
                    hours_are_rolled_up_before_their_readings_go
                    the_present_hour_is_not_rolled_up
                    what_was_measured_outlives_its_readings
                    history_goes_after_two_years_and_not_before
                    open_runs_and_the_lineage_never_go
                    reasons_of_a_reaction_that_is_gone_go_with_it
                    the_latest_so_many_readings_are_the_end_of_all
                    what_became_of_a_monitor_is_told_for_any_time
                    a_reading_that_comes_days_late_is_counted_and_kept
                    readings_are_the_same_in_rows_and_in_blocks
                    a_page_whose_every_answer_is_another_costs_no_disk_without_end
                    a_monitor_that_flaps_for_ever_keeps_a_bounded_history_and_its_runs
                }
                slots {
                    what_an_app_told_is_written_over_by_whoever_was_told
                    what_apps_told_goes_after_its_time
                }
                signals {
                    signals_come_in_the_order_in_which_they_came
                    of_each_kind_the_newest_signals_are_kept
                    of_many_signals_at_once_none_is_lost
                    signals_go_with_their_monitor_and_not_before
                    a_monitor_is_given_another_secret_and_that_is_told
                }
                spells {
                    an_outage_is_one_spell_however_many_hours_it_lasts
                    all_hours_packed_at_once_make_the_same_spells
                    an_outage_goes_on_until_something_else_is_seen
                    a_reading_that_comes_late_parts_a_spell_or_joins_two
                    hours_that_an_earlier_version_packed_get_their_spells
                    spells_are_as_long_as_the_roll_up_says
                    a_look_that_is_late_over_the_end_of_an_hour_is_no_gap
                    spells_come_in_pages_oldest_or_newest_first
                    many_monitors_are_told_of_at_once_as_each_is_by_itself
                    spells_go_after_two_years_and_not_before
                    a_monitor_that_flaps_for_ever_keeps_bounded_spells
                }
            }
        }
    };
}

every_promise_is_kept_by! { sqlite: crate::SqliteFile }
every_promise_is_kept_by! { postgres: crate::PostgresDatabase }
every_promise_is_kept_by! { postgres_behind_a_pooler: crate::PooledDatabase }
