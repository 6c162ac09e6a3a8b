//! The session state that scheduler and workers share: the same functions, settings and codec, from the same registration table.

use std::sync::{Arc, LazyLock};

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::common::Result;
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionConfig;
use swath_exec::registry;
use swath_planner::SwathOptions;

use crate::protocol::Pair;
use crate::settings::ClusterOptions;

/// A state with everything registered; all others are made from it.
static BASE: LazyLock<SessionState> = LazyLock::new(|| {
    let builder = SessionStateBuilder::new().with_config(base_config()).with_default_features();
    registry::install(builder, None).build()
});

/// The settings of a process of a cluster before a session's own.
pub fn base_config() -> SessionConfig {
    let mut options = ConfigOptions::new();
    options.extensions.insert(SwathOptions::default());
    options.extensions.insert(ClusterOptions::default());
    let config = SessionConfig::from(options);
    let ballista = config.ballista_config();
    let mut config = config.with_option_extension(ballista);
    // The client has chosen (`BroadcastJoinExec`); what it chose to exchange stays so.
    if let Err(error) = config.options_mut().set("ballista.optimizer.broadcast_join_threshold_bytes", "0") {
        log::error!("{error}");
    }
    config
}

/// [`base_config`] with the settings that a client sent. Settings that only a client has are passed over.
pub fn config_of(settings: &[Pair]) -> SessionConfig {
    let mut config = base_config();
    for Pair { key, value } in settings {
        if let Err(error) = config.options_mut().set(key, value) {
            log::debug!("the setting {key} of a client is not known here: {error}");
        }
    }
    config
}

/// A session state of `config`.
///
/// # Errors
/// Never now; Ballista's type asks for it.
pub fn session_state(
    config: SessionConfig,
    session: Option<String>,
    runtime: Option<Arc<RuntimeEnv>>,
) -> Result<SessionState> {
    let mut builder = SessionStateBuilder::new_from_existing(BASE.clone()).with_config(config);
    if let Some(session) = session {
        builder = builder.with_session_id(session);
    }
    if let Some(runtime) = runtime {
        builder = builder.with_runtime_env(runtime);
    }
    Ok(builder.build())
}

/// All functions, for workers.
pub fn functions() -> Arc<BallistaFunctionRegistry> {
    Arc::new(BallistaFunctionRegistry {
        scalar_functions: BASE.scalar_functions().clone(),
        aggregate_functions: BASE.aggregate_functions().clone(),
        window_functions: BASE.window_functions().clone(),
        higher_order_functions: BASE.higher_order_functions().clone(),
    })
}
