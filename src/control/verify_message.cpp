// `mailctl message verify` of a whole message: SPF if a client is given, DKIM, DMARC, ARC.
#include "control/input.hpp"
#include "control/verify.hpp"

#include "maild/base/cursor.hpp"

namespace maild::control {
namespace json = boost::json;
namespace dkim = policy::dkim;
namespace spf = policy::spf;
namespace {

struct Question {
    const Clock& clock;
    std::optional<spf::Client> client;
    std::string content;
    dkim::Options options;
};

net::Task<void> check(net::Resolver& resolver, const Question& question, MessageCheck& out) {
    policy::SpfIdentifier identifier;
    if (question.client) {
        const spf::Verifier verifier{resolver, question.clock, host_name()};
        auto session = co_await spf::check_session(verifier, *question.client);
        const auto& sender = session.of_mail_from();
        identifier.is_undecided = sender.outcome == spf::Outcome::temperror;
        if (sender.outcome == spf::Outcome::pass || identifier.is_undecided)
            identifier.domain = sender.domain;
        out.spf = std::move(session);
    }
    auto report = co_await policy::check_message(resolver, question.content, std::move(identifier),
                                                 question.options);
    out.report = std::move(report);
}

// Fewer bits than 1024 are let pass as an argument, and still are never enough (RFC 8301 §3.2).
Result<unsigned> least_rsa_bits(const Session& session) {
    const auto given = session.text_argument("min-rsa");
    if (given.empty()) return dkim::kLeastRsaBits;
    Cursor in(given);
    const auto bits = in.take_number(dkim::kMostRsaBits);
    if (!bits || !in.at_end())
        return fail(Errc::invalid_argument, "--min-rsa wants a number of bits, at most 8192.");
    return static_cast<unsigned>(*bits);
}

Result<Question> question_of(const Session& session, const Clock& clock) {
    Question question{clock, std::nullopt, {}, {}};
    const auto bits = least_rsa_bits(session);
    if (!bits) return std::unexpected(bits.error());
    question.options.least_rsa_bits = *bits;
    question.options.asks_all_keys = true;
    question.options.now = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count());
    const bool has_client = !session.text_argument("ip").empty();
    if (!has_client && !session.text_argument("mail-from").empty())
        return fail(Errc::invalid_argument, "SPF wants the client's address: --ip.");
    if (!has_client) return question;
    auto client = verified_client(session);
    if (!client) return std::unexpected(client.error());
    question.client = std::move(*client);
    return question;
}

} // namespace

Reply verify_message(const Session& session, const Clock& clock) {
    auto question = question_of(session, clock);
    if (!question) return failure(kUsage, question.error().internal);
    auto content = read_message(session.text_argument("file"));
    if (!content) return failure(content.error());
    question->content = std::move(*content);
    MessageCheck found;
    json::object result;
    const auto begin = [&](policy::DnsTrace& trace) { return check(trace, *question, found); };
    const auto look = [&](const policy::DnsTrace& trace) {
        if (found.report.dkim.empty()) return; // it did not come to its end
        result = message_json(found);
        result["questions"] = questions_json(trace);
        result["text"] = message_text(found) + question_lines(trace);
    };
    if (const auto done = run_check(session, begin, look); !done)
        return failure(kUsage, done.error().internal);
    if (result.empty()) return failure(kSoftware, "the check did not come to its end.");
    return success(std::move(result));
}

} // namespace maild::control
