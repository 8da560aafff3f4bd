#include "simulation/world.hpp"

#include <algorithm>

namespace maild::simulation {
namespace {

constexpr std::string_view kField = "X-Token: ";

std::string text_of(const Place& place) {
    return "account " + std::to_string(place.account) + " " + place.mailbox + " " +
           std::to_string(place.validity) + "/" + std::to_string(place.uid);
}

} // namespace

std::string Ledger::make(std::size_t size) {
    const auto token = "t" + std::to_string(++next_token);
    auto& mail = mails[token];
    mail.content = std::string(kField) + token + "\r\nSubject: simulated\r\n\r\n";
    while (mail.content.size() < size) mail.content += "..line of " + token + "\r\n";
    mail.content += "end\r\n";
    return token;
}

std::string token_of(const std::string& content) {
    const auto at = content.find(kField);
    if (at == content.npos) return {};
    const auto begin = at + kField.size();
    return content.substr(begin, content.find("\r\n", begin) - begin);
}

namespace {

// Whole messages only, where they may be, and no more often than somebody asked for.
std::string check_contents(const Ledger& ledger, const View& view,
                           std::map<std::pair<std::int64_t, std::string>, int>& copies) {
    for (const auto& [place, content] : view.contents) {
        const auto token = token_of(content);
        const auto mail = ledger.mails.find(token);
        if (mail == ledger.mails.end() || !content.ends_with(mail->second.content))
            return "not the bytes of " + token + " at " + text_of(place);
        if (!mail->second.accounts.contains(place.account))
            return token + " was not for " + text_of(place);
        const auto count = ++copies[{place.account, token}];
        if (count > mail->second.copies)
            return token + " is there " + std::to_string(count) + " times";
        if (ledger.gone.contains(place)) return token + " is back at " + text_of(place);
    }
    return {};
}

} // namespace

std::string broken_promise(const Ledger& ledger, const View& view) {
    std::map<std::pair<std::int64_t, std::string>, int> copies;
    if (auto wrong = check_contents(ledger, view, copies); !wrong.empty()) return wrong;
    std::ptrdiff_t relayed = 0;
    for (const auto& [token, mail] : ledger.mails) {
        for (const auto account : mail.promised) {
            if (!mail.may_go && !copies.contains({account, token}))
                return token + " was accepted for " + std::to_string(account) + " and is lost";
        }
        relayed += mail.is_relay_promised ? 1 : 0;
    }
    for (const auto& [place, token] : ledger.places) {
        const auto found = view.contents.find(place);
        if (ledger.mails.at(token).may_go) continue;
        if (found == view.contents.end() || token_of(found->second) != token)
            return token + " is not at " + text_of(place) + ", as was said";
    }
    if (std::ssize(view.queued) < relayed) return "a row of the queue is lost";
    return {};
}

} // namespace maild::simulation
