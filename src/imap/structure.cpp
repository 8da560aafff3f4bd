// BODY and BODYSTRUCTURE as text (RFC 9051 §7.5.2).
#include "maild/imap/structure.hpp"

#include "imap/ascii_text.hpp"
#include "imap/envelope_text.hpp"
#include "imap/respond.hpp"

#include "maild/mail/mime.hpp"
#include "maild/mail/part_index.hpp"

namespace maild::imap {

namespace {

using Text = std::optional<std::string>;

void append_text(std::string& out, const Text& text) {
    append_header_text(out, text, TextForm::ascii);
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
void append_parameters(std::string& out, const std::vector<mail::Parameter>& parameters) {
    if (parameters.empty()) {
        out += "NIL";
        return;
    }
    out += '(';
    for (const auto& parameter : parameters) {
        if (out.back() != '(') out += ' ';
        append_text(out, parameter.name);
        out += ' ';
        append_text(out, parameter.value);
    }
    out += ')';
}

// body-fld-dsp, body-fld-lang and body-fld-loc, which end both extension data.
void append_extension_tail(std::string& out, const mail::Part& part) {
    if (part.disposition) {
        out += " (";
        append_text(out, part.disposition->type);
        out += ' ';
        append_parameters(out, part.disposition->parameters);
        out += ") ";
    } else {
        out += " NIL ";
    }
    if (part.languages.empty())
        out += "NIL";
    else {
        out += '(';
        for (const auto& language : part.languages) {
            if (out.back() != '(') out += ' ';
            append_text(out, language);
        }
        out += ')';
    }
    out += ' ';
    append_text(out, part.location);
}

void append_part(std::string& out, const mail::Part& part, bool extended);

void append_multipart(std::string& out, const mail::Part& part, bool extended) {
    for (const auto& child : part.children) append_part(out, child, extended);
    out += ' ';
    append_text(out, part.subtype);
    if (!extended) return;
    out += ' ';
    append_parameters(out, part.parameters);
    append_extension_tail(out, part);
}

void append_single(std::string& out, const mail::Part& part, bool extended) {
    append_text(out, part.type);
    out += ' ';
    append_text(out, part.subtype);
    out += ' ';
    append_parameters(out, part.parameters);
    out += ' ';
    append_text(out, part.id);
    out += ' ';
    append_text(out, part.description);
    out += ' ';
    append_text(out, part.encoding_name);
    out += ' ';
    append_number(out, part.body_end - part.body_begin);
    if (part.kind == mail::PartKind::message && part.envelope && !part.children.empty()) {
        out += ' ';
        append_envelope(out, *part.envelope, TextForm::ascii);
        out += ' ';
        append_part(out, part.children.front(), extended);
    }
    if (part.kind == mail::PartKind::message || part.type == "text") {
        out += ' ';
        append_number(out, part.lines);
    }
    if (!extended) return;
    out += ' ';
    append_text(out, part.md5);
    append_extension_tail(out, part);
}

// Recursion no deeper than mail::kMaxMimeDepth.
void append_part(std::string& out, const mail::Part& part, bool extended) {
    out += '(';
    if (part.kind == mail::PartKind::multipart)
        append_multipart(out, part, extended);
    else
        append_single(out, part, extended);
    out += ')';
}

} // namespace

store::Structure make_structure(std::string_view content) {
    const auto message = mail::parse_message(content);
    store::Structure structure;
    append_envelope(structure.envelope, message.envelope, TextForm::ascii);
    append_part(structure.body, message.root, false);
    append_part(structure.body_structure, message.root, true);
    structure.parts = mail::encode_parts(message.root);
    return structure;
}

} // namespace maild::imap
