#include "trace/tagged.hpp"

#include <algorithm>

namespace maild::trace {
namespace {

// Octets that are kept of each.
constexpr std::size_t kShort = 64;     // ids, words
constexpr std::size_t kAddress = 320;  // RFC 5321 §4.5.3.1, as the parser takes them
constexpr std::size_t kSentence = 400; // replies, reasons, header fields
constexpr std::size_t kMaxVerdicts = 50;
constexpr std::size_t kMaxSteps = 12;
constexpr std::size_t kMaxPlaces = 12;
constexpr std::size_t kMaxSignatures = 10; // that are verified, policy::dkim::kMaxSignatures
constexpr std::size_t kMaxSpfResults = 2;
constexpr std::size_t kMaxReasons = 4;
constexpr std::size_t kComment = 100;
constexpr std::size_t kPolicy = 2048;
// What the fields that follow the list of recipients may take, and the last recipient.
constexpr std::size_t kReserve = 40 * 1024;

} // namespace

template <class Codec> void fields(Codec& codec, Verdict& v) {
    codec.text(1, v.stage, kShort);
    codec.number(2, v.outcome);
    codec.text(3, v.reason, kSentence);
}

template <class Codec> void fields(Codec& codec, Step& s) {
    codec.text(1, s.rule, kShort);
    codec.text(2, s.from, kAddress);
    codec.text(3, s.to, kAddress);
}

template <class Codec> void fields(Codec& codec, Place& p) {
    codec.number(1, p.kind);
    codec.text(2, p.address, kAddress);
    codec.text(3, p.mailbox, kAddress);
    codec.number(4, p.number);
    codec.text(5, p.reason, kSentence);
}

template <class Codec> void fields(Codec& codec, Recipient& r) {
    codec.text(1, r.forward_path, kAddress);
    codec.number(2, r.is_accepted);
    codec.text(3, r.reply, kSentence);
    codec.text(4, r.reason, kSentence);
    codec.list(5, r.steps, kMaxSteps);
    codec.list(6, r.places, kMaxPlaces);
}

template <class Codec> void fields(Codec& codec, CheckResult& r) {
    codec.text(1, r.domain, kAddress);
    codec.text(2, r.name, kShort);
    codec.text(3, r.outcome, kShort);
    codec.text(4, r.comment, kComment);
}

template <class Codec> void fields(Codec& codec, OverrideReason& r) {
    codec.text(1, r.type, kShort);
    codec.text(2, r.comment, kSentence);
}

template <class Codec> void fields(Codec& codec, DmarcFact& f) {
    codec.text(1, f.author, kAddress);
    codec.text(2, f.record_domain, kAddress);
    codec.text(3, f.record, kMaxPolicyRecord);
    codec.text(4, f.disposition, kShort);
    codec.number(5, f.is_dkim_aligned);
    codec.number(6, f.is_spf_aligned);
    codec.list(7, f.reasons, kMaxReasons);
    codec.list(8, f.dkim, kMaxSignatures);
    codec.list(9, f.spf, kMaxSpfResults);
}

template <class Codec> void fields(Codec& codec, TlsFact& f) {
    codec.text(1, f.domain, kAddress);
    codec.text(2, f.policy_type, kShort);
    codec.text(3, f.policy_domain, kAddress);
    codec.text(4, f.policy, kPolicy);
    codec.text(5, f.mx_hosts, kPolicy);
    codec.text(6, f.result, kShort);
    codec.text(7, f.reason, kSentence);
    codec.text(8, f.sending_ip, kShort);
    codec.text(9, f.host, kAddress);
    codec.text(10, f.receiving_ip, kShort);
    codec.number(11, f.sessions);
}

namespace {

template <class Codec> void fields_before_recipients(Codec& codec, Record& r) {
    codec.text(1, r.id, kShort);
    codec.text(2, r.session, kShort);
    codec.text(3, r.service, kShort);
    codec.time(4, r.time);
    codec.text(5, r.client_address, kShort);
    codec.text(6, r.client_name, kAddress);
    codec.text(7, r.hello, kAddress);
    codec.text(8, r.tls, kShort);
    codec.text(9, r.account, kAddress);
    codec.text(10, r.reverse_path, kAddress);
    codec.number(11, r.size);
    codec.text(12, r.message_id, kSentence);
    codec.text(13, r.from, kSentence);
    codec.text(14, r.subject, kSentence);
    codec.list(15, r.verdicts, kMaxVerdicts);
}

constexpr unsigned kRecipientTag = 16;

template <class Codec, class Number>
void fields_behind_recipients(Codec& codec, Record& r, Number& accepted, Number& refused) {
    codec.number(17, accepted);
    codec.number(18, refused);
    codec.text(19, r.reply, kSentence);
    codec.text(20, r.reason, kSentence);
    codec.number(21, r.lost);
    codec.optional(22, r.dmarc);
    codec.optional(23, r.tls_session);
}

} // namespace

void Record::add(Recipient recipient) {
    if (recipients.size() < kMaxRecipients) return recipients.push_back(std::move(recipient));
    ++(recipient.is_accepted ? more_accepted : more_refused);
}

std::string format_record(const Record& record) {
    std::string out;
    out.reserve(512);
    TagWriter writer(out);
    auto& r = const_cast<Record&>(record); // a writer only reads
    fields_before_recipients(writer, r);
    auto accepted = record.more_accepted;
    auto refused = record.more_refused;
    std::size_t kept = 0;
    for (const auto& recipient : record.recipients) {
        if (kept < kMaxRecipients && writer.size() + kReserve <= kMaxRecord) {
            writer.nested(kRecipientTag, recipient);
            ++kept;
        } else {
            ++(recipient.is_accepted ? accepted : refused);
        }
    }
    fields_behind_recipients(writer, r, accepted, refused);
    return out;
}

Result<Record> parse_record(std::string_view bytes) {
    if (bytes.size() > kMaxRecord) return fail(Errc::protocol_error, "a trace too long");
    Record record;
    TagReader reader(bytes);
    fields_before_recipients(reader, record);
    reader.list(kRecipientTag, record.recipients, kMaxRecipients);
    fields_behind_recipients(reader, record, record.more_accepted, record.more_refused);
    if (!reader.finish()) return fail(Errc::protocol_error, "not a trace");
    return record;
}

std::string_view clipped(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    auto end = limit;
    // A character has at most three octets behind its first one, RFC 3629 §3.
    for (std::size_t back = 0; back < 3 && end > 0; ++back, --end)
        if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U) break;
    const bool is_border = (static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U;
    return text.substr(0, is_border ? end : limit);
}

bool TagReader::varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 63 && !rest_.empty(); shift += 7) {
        const auto octet = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
        if (octet < 0x80) return true;
    }
    return false;
}

// To the next field. Tags must not descend, so that every field is looked at once.
void TagReader::advance() {
    if (at_end_) return;
    if (rest_.empty()) {
        at_end_ = true;
        return;
    }
    std::uint64_t head = 0;
    if (!varint(head) || head / 2 < tag_ || !varint(number_)) return fail();
    tag_ = head / 2;
    kind_ = head % 2 == 0 ? 0 : 1;
    if (kind_ == 0) return;
    if (number_ > rest_.size()) return fail();
    bytes_ = rest_.substr(0, number_);
    rest_.remove_prefix(number_);
}

} // namespace maild::trace
