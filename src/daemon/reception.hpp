#pragma once
// What a worker finds out about who sends, at the end of data on port 25: SPF, DKIM, ARC and DMARC,
// what follows from them, and the fields that tell others (RFC 8601, RFC 7208 §9). One for all
// sessions of a worker; what is passed by reference outlives it or the task.

#include "daemon/config.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"
#include "maild/policy/authres.hpp"
#include "maild/policy/disposition.hpp"
#include "maild/policy/iprev.hpp"
#include "maild/smtp/backend.hpp"
#include "maild/trace/record.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

// All that was found out.
struct SenderChecks {
    std::optional<policy::spf::SessionReport> spf; // none without the client's address,
    std::optional<policy::iprev::Verdict> client;  // nor this
    policy::MessageReport message;
    policy::Decision decision;
    std::string fields; // above Received, whole lines with CRLF

    // What the peer hears, where it is neither taken nor put aside.
    std::optional<smtp::Refusal> refusal() const;
    // Whether the message is of whose reverse-path it has: SPF let the host send for that domain,
    // or a signature is of it or of its organization. Else what is sent there may reach a stranger.
    bool proves(const smtp::ReversePath& path) const;
    // For the trace: what each check found, and what decided.
    std::vector<trace::Verdict> verdicts() const;
    // Likewise, for who asks for reports on mail with its name; `sender`: the reverse-path.
    std::optional<trace::DmarcFact> fact(const smtp::ReversePath& sender) const;
};

class Reception {
public:
    Reception(net::Resolver& resolver, const Clock& clock) : resolver_(resolver), clock_(clock) {}

    // Whether it is asked who the client speaks for: on port 25, and not of those whom the
    // configuration exempts.
    static bool concerns(const smtp::Client& client, const Config& config);
    // Those: trusted networks, and those of whose hosts nothing is asked.
    static bool exempts(const smtp::Client& client, const Config& config);

    // At MAIL: a domain that says it takes no mail (null MX) sends none that could be answered, RFC
    // 7505 §4.2. Where the DNS does not answer, nothing is held against it.
    net::Task<Result<void, smtp::Refusal>> check_reverse_path(const smtp::ReversePath& path);

    net::Task<SenderChecks> check(const smtp::Client& client, const smtp::Envelope& envelope,
                                  std::string_view content, const Config& config);

private:
    net::Resolver& resolver_;
    const Clock& clock_;
};

// The content without these fields of its header section, in the same memory: what stands above
// them is moved down.
smtp::Content without_fields(const smtp::Content& content,
                             const std::vector<policy::FieldRange>& fields);

} // namespace maild::daemon
