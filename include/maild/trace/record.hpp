#pragma once
// What is remembered of one mail transaction (RFC 5321 §3.3), or of a MAIL that was refused: who
// came, what each stage made of it, where each recipient led to, and what the peer was told.
// Filled by whoever handles the transaction (session, backend), kept by the role `trace`, read by
// `mailctl message trace` and `message explain`. Texts are a peer's, whatever they hold: they are
// cut and counted when they are formatted (record_format.cpp), so nobody else has to think of it.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::trace {

enum class Outcome : std::uint8_t {
    passed,   // nothing against it
    noted,    // found, and it decided nothing: an SPF fail of a domain without a policy, say
    deferred, // the peer was told to try again: 4yz
    refused,  // 5yz
};

// What one stage made of the message, in the order in which they were asked.
struct Verdict {
    std::string stage{}; // "sender", "content", "spf", "dkim", "dmarc", "policy" …
    Outcome outcome = Outcome::passed;
    std::string reason{}; // one line in words
};

// One rewrite of an address on its way (directory::Step).
struct Step {
    std::string rule{};
    std::string from{};
    std::string to{};
};

// Where a recipient led to: a mailbox here, or a row of the queue.
struct Place {
    enum class Kind : std::uint8_t { mailbox, queue };
    Kind kind = Kind::mailbox;
    std::string address{};    // the account's, or the one it goes on to
    std::string mailbox{};    // of Kind::mailbox
    std::uint64_t number = 0; // UID, or queue id; 0: it did not get there
    std::string reason{};     // why not; of a queue row: why it is held
};

struct Recipient {
    std::string forward_path{};
    bool is_accepted = false; // at RCPT
    std::string reply{};      // refused at RCPT, or of LMTP's end of data: without CRLF
    std::string reason{};     // for the admin, beside the reply
    std::vector<Step> steps{};
    std::vector<Place> places{};
};

// What a signature, or SPF, came to; `name`: the selector, or SPF's scope.
struct CheckResult {
    std::string domain{};
    std::string name{};
    std::string outcome{};
    std::string comment{};
};
struct OverrideReason {
    std::string type{};
    std::string comment{};
};
// What DMARC found of a message, in the words of an aggregate report (RFC 9990), where the policy
// asks for reports. Domains only, no localpart.
struct DmarcFact {
    std::string author{};        // in From
    std::string record_domain{}; // where the policy was found
    std::string record{};        // its text, whole
    std::string disposition{};   // what was done
    bool is_dkim_aligned = false;
    bool is_spf_aligned = false;
    std::vector<OverrideReason> reasons{}; // why something else was done than the policy asks for
    std::vector<CheckResult> dkim{};
    std::vector<CheckResult> spf{};
};
inline constexpr std::size_t kMaxPolicyRecord = 1024; // a longer one must not be given

// TLS sessions with another host that were alike, in the words of a TLS report (RFC 8460). Alone in
// its record, of service "tls".
struct TlsFact {
    std::string domain{}; // for which there was mail
    std::string policy_type{};
    std::string policy_domain{};
    std::string policy{};   // lines
    std::string mx_hosts{}; // likewise
    std::string result{};   // "success", or a result type of §4.3
    std::string reason{};
    std::string sending_ip{};
    std::string host{};
    std::string receiving_ip{};
    std::uint64_t sessions = 0;
};

inline constexpr std::size_t kMaxRecipients = 100; // with what became of them; more are counted

struct Record {
    std::string id{}; // the transaction's: in log, Received and the 250; of a refused MAIL its own
    std::string session{};
    std::string service{}; // "smtp", "submission", "lmtp", "local"
    WallTime time{};       // of its end
    std::string client_address{};
    std::string client_name{}; // from the reverse DNS, if it was asked
    std::string hello{};
    std::string tls{};     // version; empty: none
    std::string account{}; // that was logged in
    std::string reverse_path{};
    std::uint64_t size = 0;   // octets of the content; 0: none came
    std::string message_id{}; // header fields, without what folds them
    std::string from{};
    std::string subject{};
    std::vector<Verdict> verdicts{};
    std::vector<Recipient> recipients{};
    std::uint64_t more_accepted = 0; // recipients that are not in the list
    std::uint64_t more_refused = 0;
    std::string reply{};    // the last one, to MAIL or the end of data; empty: none was said
    std::string reason{};   // for the admin, beside the reply; of an end without one: its cause
    std::uint64_t lost = 0; // records before this one that were not kept; alone in its record
    std::optional<DmarcFact> dmarc{};
    std::optional<TlsFact> tls_session{};

    // Keeps kMaxRecipients of them, and counts the others.
    void add(Recipient recipient);
};

// Who takes records, in a worker. One thread.
class Sink {
public:
    virtual ~Sink() = default;
    virtual bool is_wanted() const = 0;     // false: nobody need make one
    virtual void record(Record record) = 0; // sets its time; never blocks, never fails
};

// A record in octets, at most kMaxRecord; what is too long in it is cut on a border of UTF-8, and
// recipients that do not fit are counted.
inline constexpr std::size_t kMaxRecord = 64 * 1024;
std::string format_record(const Record& record);
// Total over all octets. Fields of later versions are passed over. protocol_error.
Result<Record> parse_record(std::string_view bytes);

// `text` without what goes beyond `limit` octets, cut between two characters.
std::string_view clipped(std::string_view text, std::size_t limit);

} // namespace maild::trace
