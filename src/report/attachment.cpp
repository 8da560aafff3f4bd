#include "maild/report/attachment.hpp"

#include "report/unpack.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <utility>

namespace maild::report {
namespace {

// RFC 9990 §3.5.2 and RFC 8460 §5.3 name gzip, xml and tlsrpt; the rest is what is sent instead.
constexpr std::string_view kTypes[] = {
    "application/gzip",        "application/x-gzip", "application/zip",
    "application/x-zip",       "application/xml",    "application/x-zip-compressed",
    "application/tlsrpt+gzip", "application/tlsrpt", "application/tlsrpt+json",
    "application/json",        "text/xml",           "application/x-gzip-compressed",
};
constexpr std::string_view kExtensions[] = {".xml", ".gz", ".gzip", ".zip", ".json"};

std::string file_name_of(const mail::Part& part) {
    if (part.disposition) {
        const auto parameters = mail::decode_parameters(part.disposition->parameters);
        if (const auto* name = mail::find_parameter(parameters, "filename")) return *name;
    }
    const auto parameters = mail::decode_parameters(part.parameters);
    const auto* name = mail::find_parameter(parameters, "name");
    return name == nullptr ? std::string() : *name;
}

bool is_candidate(const mail::Part& part, std::string_view file_name) {
    const auto type = part.type + "/" + part.subtype;
    if (std::ranges::find(kTypes, type) != std::end(kTypes)) return true;
    const auto name = ascii::to_lower(file_name);
    return std::ranges::any_of(kExtensions, [&](auto end) { return name.ends_with(end); });
}

constexpr std::size_t kMostGrowth = 1032; // a match of 258 octets in two bits, RFC 1951 §3.2

// The first octet behind what may stand before a document.
char first_of(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto at = text.find_first_not_of(" \t\r\n");
    return at == text.npos ? '\0' : text[at];
}

bool is_xml(std::string_view text) {
    return first_of(text) == '<' || text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

class Finder {
public:
    explicit Finder(std::size_t most_unpacked) : unpacked_left_(most_unpacked) {}

    void visit(std::string_view message, const mail::Part& part) {
        for (const auto& child : part.children) visit(message, child);
        if (part.kind != mail::PartKind::leaf) return;
        const auto name = file_name_of(part);
        if (!is_candidate(part, name)) return;
        if (++attachments_ > kMaxAttachments) return;
        const auto body = message.substr(part.body_begin, part.body_end - part.body_begin);
        take(mail::decode_transfer(body, part.encoding),
             name.empty() ? part.type + "/" + part.subtype : name);
    }
    void take(std::string_view file, const std::string& name) {
        const auto texts = unpack(file, std::min(kMaxReport, unpacked_left_));
        if (!texts) {
            // Who fails has been unpacked, too: as far as deflate lets octets grow, at most.
            unpacked_left_ -= std::min({unpacked_left_, kMaxReport, file.size() * kMostGrowth});
            return complain(name, texts.error());
        }
        for (const auto& text : *texts) {
            unpacked_left_ -= text.size();
            take_text(text, name);
        }
    }
    FoundReports result() {
        if (attachments_ > kMaxAttachments)
            found_.problems.emplace_back("the message has too many attachments");
        return std::move(found_);
    }

private:
    void take_text(std::string_view text, const std::string& name) {
        if (first_of(text) == '{') {
            auto report = parse_tls(text);
            if (!report) return complain(name, report.error());
            found_.tls.push_back(std::move(*report));
            return;
        }
        if (!is_xml(text)) return complain(name, {Errc::protocol_error, "neither XML nor JSON"});
        auto report = parse_aggregate(text);
        if (!report) return complain(name, report.error());
        found_.aggregate.push_back(std::move(*report));
    }
    void complain(const std::string& name, const Error& error) {
        found_.problems.push_back(name + ": " + error.internal);
    }

    FoundReports found_;
    std::size_t attachments_ = 0;
    std::size_t unpacked_left_;
};

} // namespace

FoundReports reports_in_message(std::string_view message, std::size_t most_unpacked) {
    Finder finder(most_unpacked);
    finder.visit(message, mail::parse_message(message).root);
    return finder.result();
}

FoundReports reports_in_file(std::string_view file) {
    const bool is_packed = file.starts_with("\x1f\x8b") || file.starts_with("PK\x03\x04");
    if (!is_packed && !is_xml(file) && first_of(file) != '{') return reports_in_message(file);
    Finder finder(kMaxUnpacked);
    finder.take(file, "the file");
    return finder.result();
}

} // namespace maild::report
