#include "trace/attempt.hpp"

namespace maild::trace {
namespace {

std::string angled(std::string_view address) { return "<" + std::string(address) + ">"; }

std::string host_of(const Recipient& recipient, std::string_view otherwise) {
    const auto* place = recipient.places.empty() ? nullptr : &recipient.places.front();
    return place == nullptr || place->address.empty() ? std::string(otherwise) : place->address;
}

std::string_view outcome_of(const Recipient& recipient) {
    return recipient.places.empty() ? std::string_view() : recipient.places.front().reason;
}

std::string sentence_for(const Record& record, const Recipient& recipient) {
    const auto whom = angled(recipient.forward_path);
    const auto outcome = outcome_of(recipient);
    if (recipient.is_accepted)
        return host_of(recipient, record.hello) + " has taken it for " + whom + ": " +
               recipient.reply;
    const auto host = host_of(recipient, {});
    auto text = host.empty() ? "Nobody was reached for " + whom + ": " + recipient.reply
                             : host + " has not taken it for " + whom + ": " + recipient.reply;
    if (outcome.starts_with("deferred until"))
        text += "; tried again" +
                std::string(outcome.substr(std::string_view("deferred until").size()));
    else if (recipient.reason != recipient.reply && !recipient.reason.empty())
        text += "; " + recipient.reason;
    else
        text += "; it is not tried again";
    return text + ".";
}

} // namespace

bool is_attempt(const Record& record) { return record.service == "sender"; }

RecipientFate fate_of_attempt(const Recipient& recipient) {
    if (recipient.is_accepted) return {Fate::sent, {}};
    const bool is_over = outcome_of(recipient) == "failed";
    return {is_over ? Fate::failed : Fate::deferred,
            recipient.reason.empty() ? recipient.reply : recipient.reason};
}

std::vector<std::string> story_of_attempt(const Record& record) {
    std::vector<std::string> out;
    out.push_back("Message " + record.id + " of the queue, from " + angled(record.reverse_path) +
                  " and of " + std::to_string(record.size) + " octets, was to go to " +
                  record.hello + ".");
    for (const auto& recipient : record.recipients) out.push_back(sentence_for(record, recipient));
    if (record.more_accepted + record.more_refused > 0)
        out.push_back("Of further recipients, " + std::to_string(record.more_accepted) +
                      " were taken and " + std::to_string(record.more_refused) + " not.");
    return out;
}

} // namespace maild::trace
