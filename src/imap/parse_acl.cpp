// SETACL, DELETEACL, LISTRIGHTS (RFC 4314 §7). GETACL and MYRIGHTS name a mailbox alone.
#include "imap/parse.hpp"
#include "imap/syntax.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// SP mailbox SP identifier. §3: an identifier that comes to nothing is BAD.
Parsed<AclArgument> parse_acl_argument(Cursor& in) {
    AclArgument argument;
    if (!in.take(' ')) return in.expected("mailbox");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    argument.name = std::move(*name);
    if (!in.take(' ')) return in.expected("identifier");
    auto identifier = parse_astring(in);
    if (!identifier) return std::unexpected(identifier.error());
    if (identifier->empty() || *identifier == "-" ||
        std::ranges::any_of(*identifier, ascii::is_control))
        return in.expected("identifier");
    argument.identifier = std::move(*identifier);
    return argument;
}

// §3.1: a letter that is no right is BAD, and so is one in upper case.
Parsed<bool> parse_mod_rights(Cursor& in, SetAcl& set) {
    const auto text = parse_astring(in);
    if (!text) return std::unexpected(text.error());
    std::string_view letters = *text;
    if (letters.starts_with('+')) set.edit = store::AclEdit::add;
    if (letters.starts_with('-')) set.edit = store::AclEdit::remove;
    if (set.edit != store::AclEdit::replace) letters.remove_prefix(1);
    const auto rights = store::parse_rights(letters);
    if (!rights) return in.expected("rights of lrswipkxtea");
    set.rights = *rights;
    return true;
}

} // namespace

Parsed<Arguments> parse_set_acl(Cursor& in) {
    auto argument = parse_acl_argument(in);
    if (!argument) return std::unexpected(argument.error());
    SetAcl set{.whom = std::move(*argument)};
    if (!in.take(' ')) return in.expected("rights");
    const auto rights = parse_mod_rights(in, set);
    if (!rights) return std::unexpected(rights.error());
    return set;
}

Parsed<Arguments> parse_acl_identifier(Cursor& in) {
    auto argument = parse_acl_argument(in);
    if (!argument) return std::unexpected(argument.error());
    return std::move(*argument);
}

} // namespace maild::imap
