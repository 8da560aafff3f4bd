#pragma once
// A record with something in each of its fields, and one as a text to compare.

#include "maild/trace/record.hpp"

#include <string>

namespace maild::trace::test {

inline Record sample() {
    Record record;
    record.id = "S0ME5E55I0N00.1";
    record.session = "S0ME5E55I0N00";
    record.service = "smtp";
    record.time = from_unix_seconds(1'700'000'000);
    record.client_address = "192.0.2.7";
    record.client_name = "mx.client.example";
    record.hello = "client.example";
    record.tls = "TLSv1.3";
    record.account = "";
    record.reverse_path = "bob@client.example";
    record.size = 1234;
    record.message_id = "<One@client.example>";
    record.from = "Bob <Bob.B@client.example>";
    record.subject = "hello";
    record.verdicts = {{"spf", Outcome::passed, "pass for client.example"},
                       {"dmarc", Outcome::noted, "fail, but the domain asks for none"}};
    record.add({.forward_path = "team@example.org",
                .is_accepted = true,
                .reply = {},
                .reason = {},
                .steps = {{"alias", "team@example.org", "ada@example.org"},
                          {"account", "ada@example.org", "account 7"}},
                .places = {{Place::Kind::mailbox, "ada@example.org", "INBOX", 3, {}},
                           {Place::Kind::queue, "eve@remote.example", {}, 12, "held back"}}});
    record.add({.forward_path = "nobody@example.org",
                .is_accepted = false,
                .reply = "550 5.1.1 No such recipient here",
                .reason = "why",
                .steps = {},
                .places = {}});
    record.more_accepted = 1;
    record.more_refused = 2;
    record.reply = "250 2.0.0 Ok: S0ME5E55I0N00.1";
    record.reason = "";
    record.dmarc = DmarcFact{
        .author = "client.example",
        .record_domain = "client.example",
        .record = "v=DMARC1; p=none; rua=mailto:dmarc@client.example",
        .disposition = "none",
        .is_dkim_aligned = true,
        .is_spf_aligned = false,
        .reasons = {{"local_policy", "because"}},
        .dkim = {{"client.example", "s1", "pass", ""}, {"list.example", "x", "fail", "broken"}},
        .spf = {{"bounce.example", "mfrom", "softfail", ""}}};
    return record;
}

inline std::string text_of(const Record& r) {
    std::string out;
    const auto add = [&out](const auto& value) {
        if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
            out += std::to_string(value) + "|";
        else
            out += value + "|";
    };
    for (const auto& text :
         {r.id, r.session, r.service, r.client_address, r.client_name, r.hello, r.tls, r.account,
          r.reverse_path, r.message_id, r.from, r.subject, r.reply, r.reason})
        add(text);
    for (const auto number : {r.size, r.more_accepted, r.more_refused, r.lost}) add(number);
    for (const auto& v : r.verdicts) {
        add(v.stage);
        add(static_cast<int>(v.outcome));
        add(v.reason);
    }
    for (const auto& recipient : r.recipients) {
        add(recipient.forward_path);
        add(recipient.is_accepted);
        add(recipient.reply);
        add(recipient.reason);
        for (const auto& s : recipient.steps) add(s.rule + s.from + s.to);
        for (const auto& p : recipient.places)
            add(std::to_string(static_cast<int>(p.kind)) + p.address + p.mailbox +
                std::to_string(p.number) + p.reason);
    }
    if (r.tls_session) {
        const auto& f = *r.tls_session;
        for (const auto& text : {f.domain, f.policy_type, f.policy_domain, f.policy, f.mx_hosts,
                                 f.result, f.reason, f.sending_ip, f.host, f.receiving_ip})
            add(text);
        add(f.sessions);
    }
    if (!r.dmarc) return out;
    const auto& fact = *r.dmarc;
    for (const auto& text : {fact.author, fact.record_domain, fact.record, fact.disposition})
        add(text);
    add(fact.is_dkim_aligned);
    add(fact.is_spf_aligned);
    for (const auto& reason : fact.reasons) add(reason.type + reason.comment);
    for (const auto* results : {&fact.dkim, &fact.spf})
        for (const auto& each : *results)
            add(each.domain + each.name + each.outcome + each.comment);
    return out;
}

} // namespace maild::trace::test
