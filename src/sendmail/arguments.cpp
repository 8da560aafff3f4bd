#include "sendmail/arguments.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>

namespace maild::sendmail {
namespace {

using Refusal = std::optional<std::string>; // why not

// Letters behind which a value stands, in the same word or in the next one. Of these only some mean
// something here; the others are what callers pass to a Sendmail that has queues and files of its
// own.
constexpr std::string_view kWithValue = "ABbCeFfhLNOopRrVX";
constexpr std::string_view kWithout = "cGIimnstUvx";

constexpr std::string_view kNoDaemon =
    "the daemon is maild, started by itself; this command only submits mail";
constexpr std::string_view kNoAliases =
    "there is no alias file to be read: aliases are set with `mailctl alias add` and hold at once";

Refusal set_mode(std::string_view value, Invocation& out) {
    struct Known {
        std::string_view value;
        Mode mode;
    };
    constexpr Known kKnown[] = {
        {"m", Mode::submit}, {"s", Mode::speak}, {"v", Mode::verify}, {"p", Mode::list}};
    for (const auto& known : kKnown) {
        if (value != known.value) continue;
        out.mode = known.mode;
        return std::nullopt;
    }
    if (value == "i") return "-bi: " + std::string(kNoAliases);
    if (value == "d" || value == "D" || value == "l")
        return "-b" + std::string(value) + ": " + std::string(kNoDaemon);
    return "-b" + std::string(value) + " is no mode of this command (-bm, -bs, -bv, -bp)";
}

// RFC 3461 §4.1; the order in which the daemon's parser wants nothing.
Refusal set_notify(std::string_view value, Invocation& out) {
    std::string all;
    bool is_never = false;
    while (!value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        auto word = ascii::to_upper(value.substr(0, comma));
        value.remove_prefix(std::min(comma + 1, value.size()));
        is_never = is_never || word == "NEVER";
        if (word != "NEVER" && word != "SUCCESS" && word != "FAILURE" && word != "DELAY")
            return "-N wants \"never\", or a list of \"success\", \"failure\" and \"delay\"";
        all += (all.empty() ? "" : ",") + word;
    }
    if (all.empty() || (is_never && all != "NEVER"))
        return "-N wants \"never\" alone, or a list of \"success\", \"failure\" and \"delay\"";
    out.notify = std::move(all);
    return std::nullopt;
}

Refusal set_return(std::string_view value, Invocation& out) {
    out.return_content = ascii::to_upper(value);
    if (out.return_content == "FULL" || out.return_content == "HDRS") return std::nullopt;
    return "-R wants \"full\" or \"hdrs\"";
}

void set_errors(std::string_view value, Invocation& out) {
    out.mails_errors = value.starts_with('m') || value.starts_with('w') || value.starts_with('e');
}

// -oX: options of Sendmail's configuration by their old letters; how mail is queued and logged is
// not the caller's business here.
void set_old_option(std::string_view value, Invocation& out) {
    if (value == "i") out.dot_ends = false;
    if (value.starts_with('e')) set_errors(value.substr(1), out);
}

Refusal set_value(char letter, std::string_view value, Invocation& out) {
    switch (letter) {
    case 'b': return set_mode(value, out);
    case 'e': set_errors(value, out); return std::nullopt;
    case 'F': out.full_name = value; return std::nullopt;
    case 'f':
    case 'r': out.sender = value == "<>" ? std::string() : std::string(value); return std::nullopt;
    case 'N': return set_notify(value, out);
    case 'o': set_old_option(value, out); return std::nullopt;
    case 'O':
        if (ascii::equals_icase(value, "IgnoreDots=true")) out.dot_ends = false;
        return std::nullopt;
    case 'R': return set_return(value, out);
    case 'V': out.envelope_id = value; return std::nullopt;
    default: return std::nullopt;
    }
}

Refusal set_flag(char letter, Invocation& out) {
    switch (letter) {
    case 'i': out.dot_ends = false; return std::nullopt;
    case 't': out.reads_recipients = true; return std::nullopt;
    case 'I': return "-I: " + std::string(kNoAliases);
    default: return std::nullopt;
    }
}

class Words {
public:
    explicit Words(std::span<const char* const> words) : words_(words) {}
    std::optional<std::string_view> next() {
        if (at_ == words_.size()) return std::nullopt;
        return std::string_view(words_[at_++]);
    }

private:
    std::span<const char* const> words_;
    std::size_t at_ = 0;
};

// -q takes what stands behind it in the same word: an interval for a daemon, or a selection.
Refusal set_queue(std::string_view rest, Invocation& out) {
    if (!rest.empty())
        return "-q" + std::string(rest) +
               ": only -q alone; for a part of the queue see `mailctl queue retry`";
    out.mode = Mode::flush;
    return std::nullopt;
}

// One word of letters, "-ti" or "-fada"; the dash is taken.
Refusal read_letters(std::string_view letters, Words& words, Invocation& out) {
    while (!letters.empty()) {
        const char letter = letters.front();
        letters.remove_prefix(1);
        if (letter == 'q') return set_queue(letters, out);
        if (letter == 'd') return std::nullopt; // debugging levels, always in the same word
        if (kWithout.contains(letter)) {
            if (auto refusal = set_flag(letter, out)) return refusal;
            continue;
        }
        if (!kWithValue.contains(letter)) return std::string("there is no option -") + letter;
        const auto value = letters.empty() ? words.next() : std::optional(letters);
        if (!value) return std::string("-") + letter + " wants a value";
        return set_value(letter, *value, out);
    }
    return std::nullopt;
}

Refusal read_word(std::string_view word, Words& words, Invocation& out) {
    constexpr std::string_view kSocket = "--socket=";
    constexpr std::string_view kMaildrop = "--maildrop=";
    if (word.starts_with(kSocket))
        out.socket = word.substr(kSocket.size());
    else if (word.starts_with(kMaildrop))
        out.maildrop = word.substr(kMaildrop.size());
    else if (word.starts_with("--"))
        return "there is no option " + std::string(word);
    else
        return read_letters(word.substr(1), words, out);
    return std::nullopt;
}

Refusal check(const Invocation& out) {
    const bool wants_recipients =
        out.mode == Mode::verify || (out.mode == Mode::submit && !out.reads_recipients);
    if (wants_recipients && out.recipients.empty())
        return "no recipients: name them, or give -t to have them taken from the message";
    if (out.mode == Mode::verify && out.reads_recipients) return "-t does not go with -bv";
    return std::nullopt;
}

} // namespace

std::expected<Invocation, std::string> parse_arguments(std::string_view name,
                                                       std::span<const char* const> arguments) {
    Invocation out;
    if (name == "mailq") out.mode = Mode::list;
    if (name == "newaliases") return std::unexpected(std::string(kNoAliases));
    Words words(arguments);
    bool has_options = true;
    while (const auto word = words.next()) {
        if (has_options && *word == "--") {
            has_options = false;
        } else if (!has_options || !word->starts_with('-') || *word == "-") {
            out.recipients.emplace_back(*word);
        } else if (auto refusal = read_word(*word, words, out)) {
            return std::unexpected(std::move(*refusal));
        }
    }
    if (auto refusal = check(out)) return std::unexpected(std::move(*refusal));
    return out;
}

} // namespace maild::sendmail
