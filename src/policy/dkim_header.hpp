#pragma once
// The fields of a message as signatures choose and hash them (RFC 6376 §3.7, §5.4.2). Views point
// into the content. Belongs to one thread.

#include "policy/dkim_signature.hpp"

#include "maild/mail/header.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace maild::policy::dkim {

class MessageHeader {
public:
    explicit MessageHeader(std::string_view content);

    const std::vector<mail::HeaderField>& fields() const { return section_.fields; }
    std::size_t body_begin() const { return section_.body_begin; }
    // False if there are fields that were not looked at (mail::kMaxHeaderFields,
    // kMaxHeaderSection): among them could be one more of what is signed.
    bool is_whole() const;
    const mail::HeaderSection& section() const { return section_; }
    // With its name and last line end.
    std::string_view raw(std::size_t field) const;
    // How many fields have that name.
    std::size_t count(std::string_view name) const;

    // What a signature in field `own` signs: hash step 2 of §3.7. Names in h= are taken from the
    // bottom up; those that are not there add nothing.
    std::string data_hash(const Signature& signature, std::size_t own) const;
    // The fields of h= alone, canonicalized, in the order in which they are hashed; `own` is left
    // out.
    using Sink = std::function<void(std::string_view)>;
    void give_fields(const Signature& signature, std::size_t own, const Sink& sink) const;

    // A field that readers are shown, of which a message has one (RFC 5322 §3.6), and that is there
    // more often than it is signed, although it is signed: what is shown need not be what was
    // signed (§8.15). Empty if there is none.
    std::string_view added_field(const Signature& signature) const;

private:
    using Index = std::unordered_map<std::string, std::vector<std::size_t>>; // lower case
    const Index& by_name() const;

    std::string_view content_;
    mail::HeaderSection section_;
    mutable Index by_name_; // made when it is needed: most messages have no signature
};

// The field that carries the signature, canonicalized, without the value of b= and the line end.
std::string unsigned_form(const Signature& signature, std::string_view raw);

} // namespace maild::policy::dkim
