#pragma once
// Address lists of header fields (RFC 5322 §3.4 with the obsolete forms of §4.4), read as leniently
// as real mail needs: total over all bytes, linear time. Strings are unfolded, without quotes,
// backslashes and comments; encoded-words stay encoded (mail/text.hpp decodes them). They hold no
// CR, LF or NUL.

#include "maild/mail/address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maild::mail {

inline constexpr std::size_t kMaxListedAddresses = 10'000; // of one list; the rest is dropped

// mailbox = name-addr / addr-spec. Parts that are missing are empty: broken mail has addresses
// without a domain.
struct NamedAddress {
    std::string name;  // display-name; of a bare addr-spec the comment behind it, RFC 5322 §3.4
    std::string route; // obs-route without the colon, "@a,@b"
    std::string localpart;
    std::string domain; // as written, a literal with its brackets

    // Strict, to compare it with envelope addresses: none if it is no address by RFC 5321.
    std::optional<Address> address(Utf8 utf8 = Utf8::allowed) const;
    friend bool operator==(const NamedAddress&, const NamedAddress&) = default;
};

struct AddressGroup {
    std::string name;
    std::vector<NamedAddress> members;
    friend bool operator==(const AddressGroup&, const AddressGroup&) = default;
};

using AddressListItem = std::variant<NamedAddress, AddressGroup>;
using AddressList = std::vector<AddressListItem>;

AddressList parse_address_list(std::string_view body);

// All mailboxes of a list, those in groups too.
std::vector<NamedAddress> mailboxes_of(const AddressList& list);

} // namespace maild::mail
