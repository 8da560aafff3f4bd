#pragma once
// The structure of a message, parsed once when it comes in: ENVELOPE and BODYSTRUCTURE as IMAP
// shows them (RFC 9051 §7.5.2) and where each body part lies (MIME: RFC 2045, 2046). One pass,
// linear, total over all bytes; whatever the content, the result can be printed as valid IMAP:
// strings hold no CR, LF or NUL, and a multipart has children. Offsets are octets from the start of
// the whole content, strictly nested. Limits bound the memory by the message's size: depth 100
// (deeper parts are opaque leaves), 10,000 parts (the last one reaches to the end), parameters and
// addresses as below (what is more is dropped). Nothing is decoded: what lies in a message in
// base64 or in encoded-words stays there, mail/text.hpp decodes it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::mail {

inline constexpr std::size_t kMaxMimeDepth = 100;
inline constexpr std::size_t kMaxMimeParts = 10'000;
inline constexpr std::size_t kMaxParameters = 128;           // of one field
inline constexpr std::size_t kMaxMessageParameters = 20'000; // of all fields of a message together
inline constexpr std::size_t kMaxMessageAddresses = 10'000;  // of all its envelopes together
// RFC 2046 §5.1.1 says 70; a longer one is no boundary.
inline constexpr std::size_t kMaxBoundary = 8 * 1024;

// One parameter of Content-Type or Content-Disposition (RFC 2045 §5.1): quotes and backslashes
// removed, RFC 2231 continuations and encodings as they stand in the field, name as written.
struct Parameter {
    std::string name;
    std::string value;
    friend bool operator==(const Parameter&, const Parameter&) = default;
};

// "attachment; filename=x": the value in lower case ("text/plain", "attachment"), and the
// parameters.
struct ParameterizedField {
    std::string value;
    std::vector<Parameter> parameters;
};
ParameterizedField parse_parameterized(std::string_view body);

// RFC 2231 §3–4 applied: segments joined in the order of their numbers, percent-encoding and
// charset decoded to UTF-8; of an encoded and a plain form of one name the encoded one. RFC 2047
// words in values, though forbidden, are decoded too, as senders write them. Each name once, in
// lower case.
std::vector<Parameter> decode_parameters(const std::vector<Parameter>& parameters);

// The value as it stands, or nullptr. ASCII case is ignored.
const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

// One address structure of ENVELOPE (RFC 9051 §7.5.2). nullopt is NIL. A group starts with {NIL NIL
// "name" NIL} and ends with four NILs.
struct EnvelopeAddress {
    std::optional<std::string> name;    // display-name, encoded-words not decoded
    std::optional<std::string> adl;     // source route
    std::optional<std::string> mailbox; // localpart, RFC 5322 quoting removed
    std::optional<std::string> host;
    friend bool operator==(const EnvelopeAddress&, const EnvelopeAddress&) = default;
};

// The header fields that IMAP's ENVELOPE shows: unfolded, otherwise raw; the first field of a name
// counts, except that address fields that are repeated are joined. nullopt: there is no such field.
// Empty list: NIL.
struct Envelope {
    std::optional<std::string> date;
    std::optional<std::string> subject;
    std::vector<EnvelopeAddress> from;
    std::vector<EnvelopeAddress> sender;   // == from where the field is missing or empty
    std::vector<EnvelopeAddress> reply_to; // likewise
    std::vector<EnvelopeAddress> to;
    std::vector<EnvelopeAddress> cc;
    std::vector<EnvelopeAddress> bcc;
    std::optional<std::string> in_reply_to;
    std::optional<std::string> message_id;
    friend bool operator==(const Envelope&, const Envelope&) = default;
};

enum class PartKind : std::uint8_t {
    leaf,      // everything else
    multipart, // one child or more
    message,   // message/rfc822, message/global: one child, the embedded message's root, and its
               // envelope
};

enum class TransferEncoding : std::uint8_t {
    seven_bit,
    eight_bit,
    binary,
    base64,
    quoted_printable,
    unknown
};

struct Disposition {
    std::string type; // lower case
    std::vector<Parameter> parameters;
    friend bool operator==(const Disposition&, const Disposition&) = default;
};

struct Part {
    PartKind kind = PartKind::leaf;
    // Lower case; of an unusable multipart text/plain, of one beyond a limit.
    std::string type = "text";
    std::string subtype = "plain"; // application/octet-stream: `kind` and `type` always agree
    std::vector<Parameter> parameters;
    std::optional<std::string> id; // Content-ID with its brackets
    std::optional<std::string> description;
    TransferEncoding encoding = TransferEncoding::seven_bit;
    std::string encoding_name = "7bit"; // lower case, as written if unknown
    std::optional<std::string> md5;
    std::optional<Disposition> disposition;
    std::vector<std::string> languages;
    std::optional<std::string> location;

    std::size_t header_begin = 0; // of a message's root: where the message begins
    std::size_t body_begin = 0;   // behind the empty line, if there is one
    // The line end before a boundary belongs to the boundary, RFC 2046 §5.1.1.
    std::size_t body_end = 0;
    std::size_t lines = 0; // of the body; a last line without line end counts

    std::vector<Part> children;
    std::unique_ptr<Envelope> envelope; // of the embedded message, kind message only
};

struct Message {
    Envelope envelope;
    Part root;
};

Message parse_message(std::string_view content);

} // namespace maild::mail
