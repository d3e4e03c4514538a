//! Switching packs: who may, what is written about it, and that it counts at once.
//!
//! Jobs of a pack that was switched off are stopped by the worker: those that run within its next look, those that wait
//! when their turn comes. Start at [`Intake::switch_pack`].

use super::{Intake, Refused};
use crate::job::Origin;
use crate::pack::Packs;
use crate::policy::Verb;
use crate::port::store::Write;

impl Intake {
    /// Switches a pack on or off. To what it is already changes nothing, but is audited all the same.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn switch_pack(&self, packs: &Packs, name: &str, enabled: bool, by: Origin) -> Result<(), Refused> {
        // Whoever may not switch packs does not learn which there are.
        self.permit(&by, Verb::Pack, None, &[]).await?;
        if packs.get(name).is_none() {
            let known: Vec<String> = packs.all().map(|(pack, _)| pack.id.name.clone()).collect();
            return Err(Refused::UnknownPack { name: name.to_owned(), known: known.join(", ") });
        }
        let action = if enabled { "pack enable" } else { "pack disable" };
        let writes = vec![
            Write::Pack { name: name.to_owned(), enabled },
            self.pen(&by).audit(action, name.to_owned(), String::new()),
        ];
        self.parts.store.commit(self.parts.clock.now(), writes).await?;
        packs.refresh(&*self.parts.store).await?;
        self.parts.signals.jobs.notify_one();
        Ok(())
    }
}
