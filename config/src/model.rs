//! Settings of language models: which is asked, what leaves for it, and how much it may take.
//!
//! Never talks to one: the adapter does. Start at [`ModelSettings`]; other models are [`OtherModel`]s.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::{Choice as _, choice};
use crate::field::{Field, Slot};
use crate::headers::Headers;
use crate::record::{Entries, Record};
use crate::secret::read_secret;
use crate::suggest;
use crate::units::show_usd;

choice! {
    /// Which protocol a model is asked by.
    ModelProvider {
        /// No model is asked.
        #[default]
        Off = "off",
        /// Anthropic's Messages API.
        Anthropic = "anthropic",
        /// OpenAI's Chat Completions API, and every server that speaks it.
        OpenAi = "openai",
        /// Azure OpenAI.
        Azure = "azure",
        /// Google's Gemini API.
        Gemini = "gemini",
    }
}

/// What tokens cost: millionths of a US dollar for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenPrices {
    /// Sent.
    pub input: Option<u64>,
    /// Sent, and in the provider's cache; as `input` when none.
    pub cached: Option<u64>,
    /// Sent, and put into the provider's cache; as `input` when none.
    pub cache_write: Option<u64>,
    /// Answered.
    pub output: Option<u64>,
}

/// Language models.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Which protocol. Default off: no model is asked, nothing leaves.
    pub provider: ModelProvider,
    /// How the provider calls the model; on Azure, the deployment. Default none.
    pub name: Option<String>,
    /// Base of the API. Default none: the provider's own.
    pub url: Option<Url>,
    /// The key. Default none.
    pub key: Option<SecretString>,
    /// File that holds it. Default none.
    pub key_file: Option<PathBuf>,
    /// Headers sent with every request. Default none.
    pub headers: Headers,
    /// Time for one request, its whole answer included. 1 second to 10 minutes, default 1 minute.
    pub timeout: Duration,
    /// Tokens of request and reply together. 4,000 to 10,000,000, default 128,000.
    pub context: u32,
    /// Tokens of one reply. 256 to 200,000, default 4,096.
    pub max_output: u32,
    /// Whether it calls tools by itself. Default true.
    pub calls_tools: bool,
    /// Whether names are masked before they leave. Default false.
    pub mask_names: bool,
    /// What its tokens cost. Default unknown.
    pub prices: TokenPrices,
    /// Models that are asked when it cannot be. Default none.
    pub fallback: Vec<OtherModel>,
    /// File with instructions for the model, besides those of the packs. Default none.
    pub instructions_file: Option<PathBuf>,
    /// Which sets of tools it may use. Default all, written as an empty list.
    pub toolsets: Vec<String>,
    /// Bounds of one investigation or answer.
    pub budget: ModelBudget,
    /// Bounds of a day, all together.
    pub day: DayBudget,
    /// Bounds of a day for each person.
    pub user_day: DayBudget,
}

/// Bounds of one investigation or answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelBudget {
    /// Requests. 1 to 200, default 12.
    pub steps: u32,
    /// Calls of tools. 0 to 1,000, default 30.
    pub calls: u32,
    /// Tokens in both directions. Default 200,000.
    pub tokens: u32,
    /// Millionths of a US dollar. Default none.
    pub usd: Option<u64>,
    /// Time in all. 5 seconds to 30 minutes, default 90 seconds.
    pub wall: Duration,
    /// Bytes that its tools may read. Default 64 MiB.
    pub bytes: u64,
    /// Time of one call of a tool. 1 second to 5 minutes, default 15 seconds.
    pub call_timeout: Duration,
}

/// Bounds of a day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayBudget {
    /// Tokens in both directions; 0 is no bound. Default 0.
    pub tokens: u32,
    /// Millionths of a US dollar. Default none.
    pub usd: Option<u64>,
}

impl Default for ModelBudget {
    fn default() -> Self {
        Self {
            steps: 12,
            calls: 30,
            tokens: 200_000,
            usd: None,
            wall: Duration::from_secs(90),
            bytes: 64 << 20,
            call_timeout: Duration::from_secs(15),
        }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            provider: ModelProvider::Off,
            name: None,
            url: None,
            key: None,
            key_file: None,
            headers: Headers::default(),
            timeout: Duration::from_mins(1),
            context: 128_000,
            max_output: 4_096,
            calls_tools: true,
            mask_names: false,
            prices: TokenPrices::default(),
            fallback: Vec::new(),
            instructions_file: None,
            toolsets: Vec::new(),
            budget: ModelBudget::default(),
            day: DayBudget::default(),
            user_day: DayBudget::default(),
        }
    }
}

/// A model that is asked when the first cannot be.
#[derive(Debug, Clone)]
pub struct OtherModel {
    /// How the audit trail and the figures call it.
    pub id: String,
    /// Which protocol.
    pub provider: ModelProvider,
    /// How the provider calls it.
    pub name: String,
    /// Base of the API; none: the provider's own.
    pub url: Option<Url>,
    /// The key, from its file.
    pub key: Option<SecretString>,
    /// Whether it calls tools by itself.
    pub calls_tools: bool,
    /// Whether names are masked before they leave.
    pub mask_names: bool,
    /// What its tokens cost.
    pub prices: TokenPrices,
}

impl Record for OtherModel {
    const SHAPE: &'static str = "a list of models, each with `id`, `provider` and `name`";
    const EXAMPLE: &'static str = "write a model like `- {id: local, provider: openai, name: qwen3, url: 'http://ollama:11434/v1'}`; `[]` is the empty list";
    const KEYS: &'static [&'static str] =
        &["id", "provider", "name", "url", "key_file", "calls_tools", "mask_names", "input_price", "output_price"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        for key in ["id", "provider", "name"] {
            if !entries.has(key) {
                entries.wrong_here(&format!("has no `{key}`"), Self::EXAMPLE);
            }
        }
        let (id, name, provider) = (entries.text("id"), entries.text("name"), provider(entries));
        let (url, key) = (entries.url("url"), key(entries));
        let calls_tools = entries.flag("calls_tools").unwrap_or(true);
        let mask_names = entries.flag("mask_names").unwrap_or_default();
        let (input, output) = (entries.usd("input_price"), entries.usd("output_price"));
        if input.is_some() != output.is_some() {
            entries.wrong_here("has one price of two", "give both `input_price` and `output_price`, or neither");
        }
        let prices = TokenPrices { input, output, ..TokenPrices::default() };
        Some(Self { id: id?, provider: provider?, name: name?, url, key, calls_tools, mask_names, prices })
    }

    fn show(&self) -> String {
        let mut parts = vec![
            format!("id: {:?}", self.id),
            format!("provider: {}", self.provider),
            format!("name: {:?}", self.name),
        ];
        parts.extend(self.url.iter().map(|url| format!("url: \"{url}\"")));
        parts.extend(self.key.iter().map(|_| "key_file: (set)".to_owned()));
        if !self.calls_tools {
            parts.push("calls_tools: false".to_owned());
        }
        if self.mask_names {
            parts.push("mask_names: true".to_owned());
        }
        let prices = [("input_price", self.prices.input), ("output_price", self.prices.output)];
        let known = prices.iter().filter_map(|(key, price)| Some(format!("{key}: {}", show_usd((*price)?))));
        parts.extend(known);
        format!("{{{}}}", parts.join(", "))
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.id)
    }
}

fn provider(entries: &mut Entries<'_>) -> Option<ModelProvider> {
    let word = entries.text("provider")?;
    let mut provider = ModelProvider::Off;
    if provider.choose(&word.to_ascii_lowercase()) && provider != ModelProvider::Off {
        return Some(provider);
    }
    let near = suggest::nearest_word(&word, provider.names());
    let fix =
        near.map_or("write anthropic, openai, azure or gemini".to_owned(), |near| format!("did you mean `{near}`?"));
    entries.wrong_at("provider", "is no provider", &fix);
    None
}

fn key(entries: &mut Entries<'_>) -> Option<SecretString> {
    if !entries.has("key_file") {
        return None;
    }
    let path = entries.path("key_file")?;
    match read_secret(&path) {
        Ok(key) => Some(key),
        Err(error) => {
            entries.wrong_at("key_file", &format!("cannot be used: {error}"), error.fix());
            None
        }
    }
}

/// Fields of the section `model`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "model.provider",
        doc: "Which language model is asked, by its provider; off asks none.",
        slot: Slot::Choice(|s| &mut s.model.provider),
    },
    Field { key: "model.name", doc: "The model, as its provider calls it.", slot: Slot::Name(|s| &mut s.model.name) },
    Field { key: "model.url", doc: "Base of the provider's API.", slot: Slot::Url(|s| &mut s.model.url) },
    Field {
        key: "model.key",
        doc: "The provider's key.",
        slot: Slot::Secret { at: |s| &mut s.model.key, file: |s| &mut s.model.key_file },
    },
    Field {
        key: "model.key_file",
        doc: "File that holds the provider's key.",
        slot: Slot::SecretFile(|s| &mut s.model.key_file),
    },
    Field {
        key: "model.headers",
        doc: "Headers sent with every request, such as those of a gateway.",
        slot: Slot::Headers(|s| &mut s.model.headers),
    },
    Field {
        key: "model.timeout",
        doc: "Time for one request, its whole answer included.",
        slot: Slot::Duration {
            at: |s| &mut s.model.timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(10),
        },
    },
    Field {
        key: "model.context",
        doc: "Tokens that the model takes, request and reply together.",
        slot: Slot::Count { at: |s| &mut s.model.context, min: 4_000, max: 10_000_000 },
    },
    Field {
        key: "model.max_output",
        doc: "Tokens of one reply.",
        slot: Slot::Count { at: |s| &mut s.model.max_output, min: 256, max: 200_000 },
    },
    Field {
        key: "model.calls_tools",
        doc: "Whether the model calls tools by itself.",
        slot: Slot::Flag(|s| &mut s.model.calls_tools),
    },
    Field {
        key: "model.mask_names",
        doc: "Whether names are masked before they leave for it.",
        slot: Slot::Flag(|s| &mut s.model.mask_names),
    },
    Field {
        key: "model.input_price",
        doc: "US dollars for a million tokens sent.",
        slot: Slot::Usd(|s| &mut s.model.prices.input),
    },
    Field {
        key: "model.cached_price",
        doc: "US dollars for a million tokens sent that the provider had in its cache.",
        slot: Slot::Usd(|s| &mut s.model.prices.cached),
    },
    Field {
        key: "model.cache_write_price",
        doc: "US dollars for a million tokens that the provider put into its cache.",
        slot: Slot::Usd(|s| &mut s.model.prices.cache_write),
    },
    Field {
        key: "model.output_price",
        doc: "US dollars for a million tokens answered.",
        slot: Slot::Usd(|s| &mut s.model.prices.output),
    },
    Field {
        key: "model.fallback",
        doc: "Models that are asked, in this order, when the first cannot be.",
        slot: Slot::Records(|s| &mut s.model.fallback),
    },
    Field {
        key: "model.instructions_file",
        doc: "File with instructions for the model, besides those of the packs.",
        slot: Slot::Path(|s| &mut s.model.instructions_file),
    },
    Field {
        key: "model.toolsets",
        doc: "Which sets of tools the model may use; the empty list is all of them.",
        slot: Slot::Texts(|s| &mut s.model.toolsets),
    },
    Field {
        key: "model.steps",
        doc: "Requests to the model for one investigation or answer.",
        slot: Slot::Count { at: |s| &mut s.model.budget.steps, min: 1, max: 200 },
    },
    Field {
        key: "model.calls",
        doc: "Calls of tools for one investigation or answer.",
        slot: Slot::Count { at: |s| &mut s.model.budget.calls, min: 0, max: 1_000 },
    },
    Field {
        key: "model.tokens",
        doc: "Tokens in both directions for one investigation or answer.",
        slot: Slot::Count { at: |s| &mut s.model.budget.tokens, min: 1_000, max: 100_000_000 },
    },
    Field {
        key: "model.usd",
        doc: "US dollars for one investigation or answer.",
        slot: Slot::Usd(|s| &mut s.model.budget.usd),
    },
    Field {
        key: "model.wall",
        doc: "Time of the model for one investigation or answer.",
        slot: Slot::Duration {
            at: |s| &mut s.model.budget.wall,
            min: Duration::from_secs(5),
            max: Duration::from_mins(30),
        },
    },
    Field {
        key: "model.bytes",
        doc: "Bytes that its tools may read for one investigation or answer.",
        slot: Slot::Size { at: |s| &mut s.model.budget.bytes, min: 1 << 20, max: 16 << 30 },
    },
    Field {
        key: "model.call_timeout",
        doc: "Time of one call of a tool.",
        slot: Slot::Duration {
            at: |s| &mut s.model.budget.call_timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(5),
        },
    },
    Field {
        key: "model.day_tokens",
        doc: "Tokens of a day in UTC, all together; 0 is no bound.",
        slot: Slot::Count { at: |s| &mut s.model.day.tokens, min: 0, max: 4_000_000_000 },
    },
    Field {
        key: "model.day_usd",
        doc: "US dollars of a day in UTC, all together.",
        slot: Slot::Usd(|s| &mut s.model.day.usd),
    },
    Field {
        key: "model.user_day_tokens",
        doc: "Tokens of a day in UTC for each person; 0 is no bound.",
        slot: Slot::Count { at: |s| &mut s.model.user_day.tokens, min: 0, max: 4_000_000_000 },
    },
    Field {
        key: "model.user_day_usd",
        doc: "US dollars of a day in UTC for each person.",
        slot: Slot::Usd(|s| &mut s.model.user_day.usd),
    },
];
