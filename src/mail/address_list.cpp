#include "maild/mail/address_list.hpp"

#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/header.hpp"

#include <utility>

namespace maild::mail {
namespace {

// What stands before '<', '@', ':' or the end of an element: read once, understood by what follows.
struct Words {
    std::string phrase;    // a display-name: words with single spaces
    std::string localpart; // obs-local-part: words and dots, without the space between them
    std::size_t count = 0; // words that white space separates

    bool empty() const { return count == 0; }
};

class ListParser {
public:
    explicit ListParser(std::string_view unfolded) : in_(unfolded) {}

    AddressList parse() {
        while (count_ < kMaxListedAddresses) {
            in_.skip_space_and_comments();
            if (in_.at_end()) break;
            if (in_.take(',')) continue; // obs-addr-list: empty elements
            if (in_.take(';')) {
                close_group();
                continue;
            }
            parse_element();
        }
        close_group();
        return std::move(list_);
    }

private:
    // One mailbox, or the start of a group. Takes an octet at least.
    void parse_element() {
        in_.take_comment_text();
        auto words = take_words();
        if (in_.next_is('<')) return add(take_angle_address(std::move(words.phrase)));
        if (in_.next_is('@')) return take_addr_spec(std::move(words));
        if (in_.take(':')) return open_group(std::move(words.phrase));
        if (!words.empty()) { // no address at all: one word may be a local user's name, more are a
                              // name
            if (words.count == 1) return add({in_.take_comment_text(), {}, words.localpart, {}});
            return add({words.phrase, {}, {}, {}});
        }
        in_.skip(1); // a stray '>', say
    }

    bool at_word_end() const {
        return in_.at_end() || std::string_view("<@,;>").contains(in_.peek()) ||
               (in_.next_is(':') && !group_); // there are no groups in groups
    }

    // phrase and obs-local-part are alike until they end, RFC 5322 §4.1, §4.4.
    Words take_words() {
        Words words;
        bool spaced = true;
        while (!at_word_end()) {
            if (spaced && words.count++ > 0) words.phrase += ' ';
            take_word(words);
            spaced = in_.skip_space_and_comments();
        }
        return words;
    }

    void take_word(Words& words) {
        if (in_.next_is('"')) {
            if (const auto quoted = in_.take_quoted_string()) {
                words.phrase += *quoted;
                words.localpart += *quoted;
                return;
            }
            in_.skip(1);
            return;
        }
        // Lenient: brackets, backslashes and 8-bit in names; a ':' in a group.
        const auto atom = in_.take_while([](char c) {
            return !ascii::is_space(c) && !std::string_view("<>@,;:\"(").contains(c);
        });
        const auto text = atom.empty() ? in_.rest().substr(0, 1) : atom;
        if (atom.empty()) in_.skip(1);
        words.phrase += text;
        words.localpart += text;
    }

    // domain = dot-atom / domain-literal / obs-domain; a second '@' stays in it, so that it is no
    // valid one.
    std::string take_domain() {
        std::string domain;
        in_.skip_space_and_comments();
        while (!in_.at_end() && !std::string_view("<>,;:").contains(in_.peek())) {
            if (in_.next_is('[')) {
                if (const auto literal = in_.take_domain_literal())
                    domain += *literal;
                else
                    in_.skip(1);
            } else {
                const auto atom = in_.take_while([](char c) {
                    return !ascii::is_space(c) && !std::string_view("<>,;:([").contains(c);
                });
                domain += atom;
            }
            const bool spaced = in_.skip_space_and_comments();
            if (spaced && !in_.next_is('.') && !domain.ends_with('.')) break;
        }
        return domain;
    }

    // addr-spec; or, with "a@b <a@b>", the display-name that should have been quoted.
    void take_addr_spec(Words words) {
        in_.take('@');
        NamedAddress address{{}, {}, std::move(words.localpart), take_domain()};
        if (in_.next_is('<')) {
            return add(take_angle_address(address.localpart + "@" + address.domain));
        }
        address.name = in_.take_comment_text();
        skip_rest();
        add(std::move(address));
    }

    // angle-addr = "<" [obs-route ":"] addr-spec ">", closed or not.
    NamedAddress take_angle_address(std::string name) {
        NamedAddress address;
        address.name = std::move(name);
        in_.take('<');
        in_.skip_space_and_comments();
        if (in_.next_is('@') || in_.next_is(',')) address.route = take_route();
        take_angle_localpart(address);
        if (in_.take('@')) address.domain = take_domain();
        in_.take_until(">,;");
        in_.take('>');
        in_.take_comment_text();
        in_.skip_space_and_comments();
        if (address.name.empty()) address.name = in_.take_comment_text();
        skip_rest();
        return address;
    }

    void take_angle_localpart(NamedAddress& address) {
        while (!in_.at_end() && !std::string_view("<@,;>").contains(in_.peek())) {
            Words words;
            take_word(words);
            address.localpart += words.localpart;
            in_.skip_space_and_comments();
        }
    }

    // obs-route = obs-domain-list ":", "@a,@b:"
    std::string take_route() {
        std::string route;
        while (in_.take('@') || in_.take(',')) {
            in_.skip_space_and_comments();
            if (in_.next_is('@') || in_.next_is(',')) continue;
            if (!route.empty()) route += ',';
            route += '@';
            route += take_domain();
        }
        if (!in_.take(':')) in_.take_until(">;:");
        in_.skip_space_and_comments();
        return route;
    }

    // Whatever stands between an address and the next separator.
    void skip_rest() {
        while (true) {
            in_.skip_space_and_comments();
            if (in_.at_end() || in_.next_is(',') || in_.next_is(';')) return;
            if (in_.next_is('"') && in_.take_quoted_string()) continue;
            in_.skip(1);
        }
    }

    void open_group(std::string name) {
        ++count_;
        group_.emplace();
        group_->name = std::move(name);
    }

    void close_group() {
        if (group_) list_.emplace_back(*std::exchange(group_, std::nullopt));
    }

    void add(NamedAddress address) {
        ++count_;
        if (group_)
            group_->members.push_back(std::move(address));
        else
            list_.emplace_back(std::move(address));
    }

    Lexer in_;
    AddressList list_;
    std::optional<AddressGroup> group_;
    std::size_t count_ = 0;
};

} // namespace

std::optional<Address> NamedAddress::address(Utf8 utf8) const {
    auto parsed = parse_address(format_localpart(localpart) + "@" + domain, utf8);
    if (!parsed) return std::nullopt;
    return std::move(*parsed);
}

AddressList parse_address_list(std::string_view body) {
    const auto text = unfold(body);
    return ListParser(text).parse();
}

std::vector<NamedAddress> mailboxes_of(const AddressList& list) {
    std::vector<NamedAddress> mailboxes;
    for (const auto& item : list) {
        if (const auto* mailbox = std::get_if<NamedAddress>(&item))
            mailboxes.push_back(*mailbox);
        else {
            const auto& members = std::get<AddressGroup>(item).members;
            mailboxes.insert(mailboxes.end(), members.begin(), members.end());
        }
    }
    return mailboxes;
}

} // namespace maild::mail
