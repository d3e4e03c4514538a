//! Text as rich text: what others wrote is shown as it is written.
//!
//! In Slack's own markup (`mrkdwn`) a star, a tick, `:8080:`, an address or `<!channel>` in a log line would act, and most of it
//! cannot be escaped. A text element of rich text is literal, so nothing that acts can be made here: there is no way to an
//! element of another kind. Control and direction characters are made visible besides. Pure. Start at [`Rich`].

use midwatch_agent::render::clean;
use slack_morphism::prelude::{
    SlackBlock, SlackRichTextBlock, SlackRichTextElement, SlackRichTextInlineElement, SlackRichTextList,
    SlackRichTextListElement, SlackRichTextListStyle, SlackRichTextPreformatted, SlackRichTextSection,
    SlackRichTextText,
};

/// Characters of one run of text. Slack documents none for rich text; that of a section holds here, too:
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>.
pub(crate) const TEXT_CAP: usize = 3_000;

/// A line of styled text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rich {
    runs: Vec<SlackRichTextInlineElement>,
}

impl Rich {
    pub(crate) fn plain(text: &str) -> Self {
        Self::default().with(text)
    }

    pub(crate) fn bold(text: &str) -> Self {
        Self::default().with_bold(text)
    }

    #[must_use]
    pub(crate) fn with(self, text: &str) -> Self {
        self.run(text, |run| run)
    }

    #[must_use]
    pub(crate) fn with_bold(self, text: &str) -> Self {
        self.run(text, SlackRichTextText::bold)
    }

    #[must_use]
    pub(crate) fn with_faint(self, text: &str) -> Self {
        self.run(text, SlackRichTextText::italic)
    }

    #[must_use]
    pub(crate) fn with_code(self, text: &str) -> Self {
        self.run(text, SlackRichTextText::code)
    }

    /// Plain text in which `ticks` mean code; a single tick is a tick.
    #[must_use]
    pub(crate) fn with_ticks(mut self, text: &str) -> Self {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('`') {
            let Some((code, behind)) =
                after.split_once('`').filter(|(code, _)| !code.is_empty() && !code.contains('\n'))
            else {
                break;
            };
            self = self.with(before).with_code(code);
            rest = behind;
        }
        self.with(rest)
    }

    /// An empty text is no element of Slack's.
    fn run(mut self, text: &str, style: fn(SlackRichTextText) -> SlackRichTextText) -> Self {
        let text = clean::block(text);
        let text = clean::shorten(&text, TEXT_CAP);
        if !text.is_empty() {
            self.runs.push(style(SlackRichTextText::new(text.into_owned())).into());
        }
        self
    }

    fn section(self) -> SlackRichTextSection {
        SlackRichTextSection::new(self.runs)
    }
}

/// A line of its own.
pub(crate) fn line(text: Rich) -> SlackRichTextElement {
    text.section().into()
}

/// Points below each other.
pub(crate) fn bullets(items: Vec<Rich>) -> SlackRichTextElement {
    let items = items.into_iter().map(|item| SlackRichTextListElement::Section(item.section())).collect();
    SlackRichTextList::new(SlackRichTextListStyle::Bullet, items).into()
}

/// Lines as they are.
pub(crate) fn preformatted(text: &str) -> SlackRichTextElement {
    let text = clean::block(text);
    SlackRichTextPreformatted::new(vec![clean::shorten(&text, TEXT_CAP).into_owned().into()]).into()
}

/// As a block.
pub(crate) fn block(elements: Vec<SlackRichTextElement>) -> SlackBlock {
    SlackRichTextBlock::new(elements).into()
}

/// A block of one line.
pub(crate) fn line_block(text: Rich) -> SlackBlock {
    block(vec![line(text)])
}
