//! `/account`: who is calling, and how many calls are left. Source: platform-api 5.1 (S25, S26).

use super::accept::Variant;
use super::call::{Answer, Call};
use super::wire;
use crate::world::{Refusal, World};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

#[derive(Serialize)]
struct AccountBody<'a> {
    allow_tracking: bool,
    beta: bool,
    country_of_residence: Option<&'a str>,
    created_at: String,
    default_organization: Option<&'a str>,
    default_team: Option<&'a str>,
    delinquent_at: Option<&'a str>,
    email: &'a str,
    federated: bool,
    id: Uuid,
    identity_provider: Option<&'a str>,
    last_login: String,
    name: Option<&'a str>,
    sms_number: Option<&'a str>,
    suspended_at: Option<&'a str>,
    two_factor_authentication: bool,
    updated_at: String,
    verified: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    sdk: Option<SdkFields>,
}

/// What `3.sdk` adds. Source: platform-api 5.1 (S26).
#[derive(Serialize)]
struct SdkFields {
    acknowledged_msa: bool,
    eco_dynos_enabled: bool,
    mfa_enabled: bool,
}

pub(super) fn read(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let account = &world.accounts()[call.account];
    let since = wire::time(account.created_at);
    let sdk = SdkFields { acknowledged_msa: true, eco_dynos_enabled: true, mfa_enabled: false };
    Ok(Answer::read(&AccountBody {
        allow_tracking: true,
        beta: false,
        country_of_residence: None,
        created_at: since.clone(),
        default_organization: None,
        default_team: None,
        delinquent_at: None,
        email: account.email(),
        federated: false,
        id: account.id,
        identity_provider: None,
        last_login: since.clone(),
        name: account.email().split('@').next(),
        sms_number: None,
        suspended_at: None,
        two_factor_authentication: false,
        updated_at: since,
        verified: true,
        sdk: (call.variant == Variant::Sdk).then_some(sdk),
    }))
}

/// Costs no token. Source: platform-api 3 (S26).
pub(super) fn rate_limits(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::read(&json!({ "remaining": world.accounts()[call.account].remaining() })))
}

/// What `ps` asks for on Eco apps: the pool of dyno hours, never used up here.
/// Source: platform-api 5.1 (CLI ps/index.ts).
pub(super) fn quota(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    const POOL_SECONDS: u32 = 1000 * 3600;
    let apps: Vec<_> = world
        .apps()
        .filter(|app| app.is_open_to(call.account))
        .map(|app| json!({ "app_uuid": app.id(), "quota_used": 0 }))
        .collect();
    Ok(Answer::read(&json!({ "account_quota": POOL_SECONDS, "quota_used": 0, "apps": apps })))
}
