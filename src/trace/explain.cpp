#include "maild/trace/explain.hpp"

#include "trace/attempt.hpp"

#include <algorithm>
#include <optional>

namespace maild::trace {
namespace {

Fate fate_of(std::string_view reply) {
    return reply.starts_with('4') ? Fate::deferred : Fate::refused;
}

// "550 5.1.1 No such recipient here": the words behind the codes.
std::string_view words_of(std::string_view reply) {
    for (int codes = 0; codes < 2; ++codes) {
        const auto space = reply.find(' ');
        const auto first = reply.substr(0, space);
        const bool is_code = !first.empty() && first.find_first_not_of("0123456789.") == first.npos;
        if (!is_code || space == reply.npos) break;
        reply.remove_prefix(space + 1);
    }
    return reply;
}

std::string with_reason(std::string_view reply, std::string_view reason) {
    std::string out(words_of(reply));
    if (reason.empty()) return out;
    return out.empty() ? std::string(reason) : out + " (" + std::string(reason) + ")";
}

std::string angled(std::string_view address) { return "<" + std::string(address) + ">"; }

const Verdict* first_against(const Record& record) {
    const auto found = std::ranges::find_if(record.verdicts, [](const Verdict& verdict) {
        return verdict.outcome >= Outcome::deferred;
    });
    return found == record.verdicts.end() ? nullptr : &*found;
}

std::string reason_against(const Record& record, const Recipient* recipient) {
    if (const auto* verdict = first_against(record); verdict != nullptr && !verdict->reason.empty())
        return verdict->reason;
    if (recipient != nullptr && !recipient->reply.empty())
        return with_reason(recipient->reply, recipient->reason);
    if (recipient != nullptr && !recipient->reason.empty()) return recipient->reason;
    return with_reason(record.reply, record.reason);
}

std::string why_left(const Record& record) {
    return record.reason.empty() ? "the client ended the transaction before its message was whole"
                                 : record.reason;
}

// Of an accepted recipient of a message that was taken; or none, when it got nowhere.
std::optional<RecipientFate> fate_by_place(const Recipient& recipient) {
    std::optional<RecipientFate> fate;
    std::string missed;
    for (const auto& place : recipient.places) {
        if (place.number == 0) {
            if (missed.empty()) missed = place.reason;
        } else if (place.kind == Place::Kind::mailbox) {
            fate = RecipientFate{Fate::delivered, {}};
        } else if (!fate) {
            fate = RecipientFate{place.reason.empty() ? Fate::queued : Fate::held, place.reason};
        }
    }
    if (fate && fate->reason.empty()) fate->reason = missed;
    return fate;
}

class Story {
public:
    explicit Story(const Record& record) : record_(record) {}

    std::vector<std::string> tell() {
        tell_client();
        tell_sender();
        for (const auto& recipient : record_.recipients) tell_recipient(recipient);
        tell_others();
        tell_message();
        for (const auto& verdict : record_.verdicts) tell_verdict(verdict);
        for (const auto& recipient : record_.recipients)
            for (const auto& place : recipient.places) tell_place(recipient, place);
        tell_end();
        return std::move(sentences_);
    }

private:
    void say(std::string sentence) { sentences_.push_back(std::move(sentence)); }

    void tell_client() {
        if (record_.service == "local") // nobody has logged in: the kernel says who it is
            return say("A program of this host, run by " + record_.account + ", handed it in.");
        std::string text = "The client " + record_.client_address;
        if (!record_.client_name.empty()) text += " (" + record_.client_name + ")";
        text += " came to " + record_.service;
        if (!record_.hello.empty()) text += " and greeted as " + record_.hello;
        text += record_.tls.empty() ? ", without TLS" : ", under " + record_.tls;
        if (!record_.account.empty()) text += ", logged in as " + record_.account;
        say(text + ".");
    }

    void tell_sender() {
        const bool is_refused = std::ranges::any_of(record_.verdicts, [](const Verdict& verdict) {
            return verdict.stage == "sender" && verdict.outcome >= Outcome::deferred;
        });
        say("It named " + angled(record_.reverse_path) + " as the sender" +
            (record_.reverse_path.empty() ? ", as reports of failed mail do" : "") +
            (is_refused ? ", which was not accepted." : "."));
    }

    static std::string words_for(const Step& step) {
        if (step.rule == "refused") return " " + step.from + " leads nowhere: " + step.to + ".";
        if (step.rule == "relay") return " It goes on to " + step.to + ".";
        return " By " + step.rule + ", " + step.from + " leads to " + step.to + ".";
    }

    void tell_recipient(const Recipient& recipient) {
        std::string text = "Recipient " + angled(recipient.forward_path);
        if (recipient.is_accepted)
            text += " was accepted.";
        else
            text += (recipient.reply.starts_with('4') ? " was put off: " : " was refused: ") +
                    with_reason(recipient.reply, recipient.reason) + ".";
        for (const auto& step : recipient.steps) text += words_for(step);
        say(std::move(text));
    }

    void tell_others() {
        if (record_.more_accepted + record_.more_refused == 0) return;
        say("Of further recipients, " + std::to_string(record_.more_accepted) +
            " were accepted and " + std::to_string(record_.more_refused) + " refused.");
    }

    void tell_message() {
        if (record_.size == 0) return;
        std::string text = "It sent a message of " + std::to_string(record_.size) + " octets";
        if (!record_.subject.empty()) text += " with the subject \"" + record_.subject + "\"";
        if (!record_.from.empty()) text += " from " + record_.from;
        text += record_.message_id.empty() ? ", without a Message-ID"
                                           : ", Message-ID " + record_.message_id;
        say(text + ".");
    }

    void tell_verdict(const Verdict& verdict) {
        constexpr std::string_view kWords[] = {"passed", "noted", "put it off", "refused it"};
        std::string text = "Stage " + verdict.stage + " ";
        text += kWords[static_cast<std::size_t>(verdict.outcome)];
        if (!verdict.reason.empty()) text += ": " + verdict.reason;
        say(text + ".");
    }

    void tell_place(const Recipient& recipient, const Place& place) {
        const bool is_there = place.number != 0;
        std::string text = "For " + angled(recipient.forward_path);
        if (place.kind == Place::Kind::mailbox)
            text += std::string(is_there ? " it was stored in " : " it was not stored in ") +
                    place.mailbox + " of " + place.address +
                    (is_there ? " as UID " + std::to_string(place.number) : std::string());
        else
            text += is_there ? " it is in the queue as " + std::to_string(place.number) +
                                   ", to go to " + place.address
                             : " it was not queued for " + place.address;
        if (!place.reason.empty()) text += (is_there ? "; held: " : ": ") + place.reason;
        say(text + ".");
    }

    void tell_end() {
        for (const auto& recipient : record_.recipients)
            if (recipient.is_accepted && !recipient.reply.empty())
                say("For " + angled(recipient.forward_path) +
                    " the client was told: " + recipient.reply);
        if (record_.reply.empty()) return say("No message was taken: " + why_left(record_) + ".");
        if (!record_.reason.empty()) say("The first reason: " + record_.reason + ".");
        say("The client was told: " + record_.reply);
    }

    const Record& record_;
    std::vector<std::string> sentences_;
};

} // namespace

std::string_view name_of(Fate fate) {
    switch (fate) {
    case Fate::delivered: return "delivered";
    case Fate::sent: return "sent";
    case Fate::queued: return "queued";
    case Fate::held: return "held";
    case Fate::deferred: return "deferred";
    case Fate::refused: return "refused";
    case Fate::failed: return "failed";
    case Fate::left: return "left";
    case Fate::lost: return "lost";
    }
    return "unknown";
}

RecipientFate fate_of(const Record& record, const Recipient& recipient) {
    if (is_attempt(record)) return fate_of_attempt(recipient);
    if (!recipient.is_accepted)
        return {fate_of(recipient.reply), with_reason(recipient.reply, recipient.reason)};
    if (auto fate = fate_by_place(recipient)) return std::move(*fate);
    const auto& reply = recipient.reply.empty() ? record.reply : recipient.reply;
    if (reply.empty()) return {Fate::left, why_left(record)};
    if (reply.starts_with('2')) return {Fate::delivered, {}};
    return {fate_of(reply), reason_against(record, &recipient)};
}

Explanation explain(const Record& record) {
    if (record.lost > 0)
        return {Fate::lost,
                "records were not kept",
                {std::to_string(record.lost) +
                 " records from before this moment were not kept: there was no room for them."}};
    Explanation out;
    out.sentences = is_attempt(record) ? story_of_attempt(record) : Story(record).tell();
    std::optional<RecipientFate> best;
    std::string first;
    for (const auto& recipient : record.recipients) {
        auto fate = fate_of(record, recipient);
        if (first.empty()) first = fate.reason;
        if (!best || fate.fate < best->fate) best = std::move(fate);
    }
    if (best) {
        out.fate = best->fate;
    } else {
        out.fate = record.reply.empty() ? Fate::left : fate_of(record.reply);
        first = record.reply.empty() ? why_left(record) : reason_against(record, nullptr);
    }
    const auto* verdict = first_against(record);
    out.reason = verdict != nullptr && !verdict->reason.empty() ? verdict->reason : first;
    return out;
}

} // namespace maild::trace
