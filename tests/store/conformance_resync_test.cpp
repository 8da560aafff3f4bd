// What clients that keep a copy of the mailbox ask for: removals since a mod-sequence, messages
// that replace others, ids that survive a copy.
#include "store/conformance.hpp"

#include "maild/mail/part_index.hpp"
#include "maild/mail/text.hpp"

namespace maild::store::test {

// RFC 7162 §3.2.6
TEST_P(StoreConformance, RemembersWhatVanishedSince) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "b", "c", "d", "e"});
    const auto before = client.open("INBOX").status.highest_modseq;
    const auto gone = [&](UidSet set, ModSeq since) {
        const auto result = run(store.vanished(client.id(), std::move(set), since));
        if (!result) return std::string(name_of(result.error().code));
        if (!*result) return std::string("forgotten");
        std::string out;
        for (const auto& range : **result)
            out += " " + std::to_string(range.first.value) + ":" + std::to_string(range.last.value);
        return out;
    };
    EXPECT_EQ(gone(everything(), before), "") << "nothing has happened since";
    EXPECT_EQ(gone(everything(), ModSeq(1)), "forgotten");
    client.store(uids(2, 3), FlagChange::add, {kDeleted, {}});
    const auto deleted = client.status("INBOX").highest_modseq;
    client.expunge();
    const auto first = client.status("INBOX").highest_modseq;
    client.move(uid(5), "Junk");
    const auto last = client.status("INBOX").highest_modseq;
    EXPECT_EQ(gone(everything(), deleted), " 2:3 5:5");
    EXPECT_EQ(gone(uids(3, 4), deleted), " 3:3");
    EXPECT_EQ(gone(everything(), first), " 5:5");
    EXPECT_EQ(gone(everything(), last), "");
    EXPECT_EQ(gone(everything(), ModSeq(INT64_MAX)), "");
    EXPECT_EQ(gone(everything(), ModSeq(deleted.value - 1)), "forgotten");
    EXPECT_EQ(gone({{Uid(0), Uid(1)}}, first), "invalid_argument");
}

// RFC 8508 §3.1
TEST_P(StoreConformance, ReplacesInOneStep) {
    Client client(*subject, 1, 100);
    client.append("INBOX", {"old", "other"});
    client.open("INBOX");
    const auto replace = [&](Uid uid, const std::string& mailbox, const std::string& content) {
        std::vector<AppendMessage> messages;
        messages.push_back({{content, structure("new")}, {}, subject->clock.now()});
        const auto result = run(store.append(client.id(), mailbox, std::move(messages), uid));
        return result ? std::to_string(result->uids.front().first.value)
                      : std::string(name_of(result.error().code));
    };
    EXPECT_EQ(replace(Uid(1), "INBOX", "new"), "3");
    EXPECT_EQ(client.news(), "+3 -1");
    EXPECT_EQ(replace(Uid(1), "INBOX", "again"), "not_found");
    EXPECT_EQ(replace(Uid(2), "INBOX", std::string(200, 'x')), "too_large");
    EXPECT_EQ(replace(Uid(2), "none", "x"), "no_such_mailbox");
    EXPECT_EQ(client.news(), "") << "all or nothing";
    EXPECT_EQ(replace(Uid(2), "INBOX", std::string(94, 'x')), "4") << "only the difference counts";
    EXPECT_EQ(client.news(), "+4 -2");
    EXPECT_EQ(replace(Uid(4), "Junk", "elsewhere"), "1");
    EXPECT_EQ(client.news(), "-4");
    EXPECT_EQ(text(client.open("INBOX", true)), "3");
    EXPECT_EQ(replace(Uid(3), "INBOX", "examined"), "not_permitted");
}

// RFC 8474 §5.1, RFC 8514 §3
TEST_P(StoreConformance, CopiesShareTheEmailIdAndAreSavedAnew) {
    Client client(*subject, 1);
    client.append("INBOX", {"a", "a"});
    client.open("INBOX");
    const auto saved = subject->clock.now();
    subject->clock.advance(std::chrono::hours(1));
    client.copy(uid(1), "Junk");
    const auto originals = run(store.fetch(client.id(), everything(), kInternalDate));
    ASSERT_EQ(originals->messages.size(), 2U);
    EXPECT_NE(originals->messages[0].email_id, originals->messages[1].email_id);
    EXPECT_EQ(originals->messages[0].save_date, saved);
    client.open("Junk");
    const auto copies = run(store.fetch(client.id(), everything(), kInternalDate));
    EXPECT_EQ(copies->messages[0].email_id, originals->messages[0].email_id);
    EXPECT_EQ(copies->messages[0].save_date, subject->clock.now());
    EXPECT_EQ(copies->messages[0].internal_date, saved);
}

// The index of a real store lags a little, so what is not there is excluded in the end; what is
// there never is.
TEST_P(StoreConformance, NarrowsToWhatMayBeThere) {
    Client client(*subject, 1);
    const std::vector<std::string> contents = {
        "Subject: about zebras\r\nX-Kind: one\r\n\r\nIn the body: giraffes\r\n",
        "Subject: =?utf-8?B?w4RwZmVs?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nK=F6nigin\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-ID: <inner@x>\r\n\r\n"
        "\xe4\xbc\x9a\xe8\xae\xae\r\n--b\r\nContent-Type: "
        "image/png\r\n\r\nhippopotamus\r\n--b--\r\n"};
    std::vector<AppendMessage> messages;
    for (const auto& content : contents) {
        auto parsed = structure("narrow");
        parsed.parts = mail::encode_parts(mail::parse_message(content).root);
        messages.push_back({{content, std::move(parsed)}, {}, subject->clock.now()});
    }
    ASSERT_TRUE(run(store.append(client.id(), "INBOX", std::move(messages))));
    client.open("INBOX");
    const auto narrowed = [&](Where where, std::vector<std::string> texts, UidSet set) {
        for (auto& text : texts) text = mail::collation_key(text);
        const auto result =
            run(store.narrow(client.id(), std::move(set),
                             {{Where::body, {"NONE HAS IT"}}, {where, std::move(texts)}}));
        if (!result) return std::string(name_of(result.error().code));
        std::string out;
        for (const auto& candidate : result->candidates) {
            EXPECT_EQ(candidate.needles & ~3U, 0U);
            if ((candidate.needles & 2U) != 0) out += std::to_string(candidate.uid.value);
        }
        return out;
    };
    ASSERT_TRUE(subject->run_until(
        [&] { return narrowed(Where::anywhere, {"rhinoceros"}, everything()).empty(); }));
    EXPECT_EQ(narrowed(Where::anywhere, {"zebras"}, everything()), "1");
    EXPECT_EQ(narrowed(Where::header, {"zebras"}, everything()), "1");
    EXPECT_EQ(narrowed(Where::header, {"x-kind:", "one"}, everything()), "1");
    EXPECT_EQ(narrowed(Where::header, {"x-sort:", "one"}, everything()), "");
    EXPECT_EQ(narrowed(Where::body, {"zebras"}, everything()), "");
    EXPECT_EQ(narrowed(Where::body, {"giraffes"}, everything()), "1");
    EXPECT_EQ(narrowed(Where::header, {"giraffes"}, everything()), "");
    EXPECT_EQ(narrowed(Where::header, {"\xc3\xa4pfel"}, everything()), "2");
    EXPECT_EQ(narrowed(Where::body, {"k\xc3\xb6nigin"}, everything()), "2");
    EXPECT_EQ(narrowed(Where::body, {"\xe8\xae\xae"}, everything()), "3");
    EXPECT_EQ(narrowed(Where::body, {"inner@x"}, everything()), "3") << "a part's own header";
    EXPECT_EQ(narrowed(Where::anywhere, {"hippopotamus"}, everything()), "") << "no text";
    EXPECT_EQ(narrowed(Where::anywhere, {"zebras"}, uids(2, 3)), "");
    EXPECT_EQ(narrowed(Where::anywhere, {"ze"}, everything()), "123") << "too short";
    EXPECT_EQ(narrowed(Where::anywhere, {}, everything()), "123");
    EXPECT_EQ(narrowed(Where::anywhere, {std::string(1001, 'x')}, everything()),
              "invalid_argument");
    EXPECT_EQ(narrowed(Where::anywhere, {"x"}, {{Uid(0), Uid(1)}}), "invalid_argument");
    const std::vector<Needle> many(kMaxNeedles + 1, Needle{Where::body, {"many"}});
    EXPECT_EQ(run(store.narrow(client.id(), everything(), many)).error().code,
              Errc::invalid_argument);
    client.copy(uid(1), "Archive");
    client.open("Archive");
    EXPECT_EQ(narrowed(Where::anywhere, {"zebras"}, everything()), "1")
        << "a copy is known at once";
    store.close_mailbox(client.id());
    EXPECT_EQ(narrowed(Where::anywhere, {"zebras"}, everything()), "no_such_mailbox");
}

} // namespace maild::store::test
