#include "maild/delivery/submission.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::delivery {
namespace {

const WallTime kNow = from_unix_seconds(1'700'000'000);

std::string name_of(SubmissionFlaw flaw) {
    switch (flaw) {
    case SubmissionFlaw::no_author: return "no_author";
    case SubmissionFlaw::several_from: return "several_from";
    case SubmissionFlaw::bad_from: return "bad_from";
    case SubmissionFlaw::several_sender: return "several_sender";
    case SubmissionFlaw::bad_sender: return "bad_sender";
    }
    return "?";
}

// Whom the message claims to be from, or what is wrong with it.
std::string claimed(std::string_view header) {
    const auto read = read_submission(header);
    if (!read) return "? " + name_of(read.error());
    std::string out;
    for (const auto& address : read->claimed()) out += (out.empty() ? "" : " ") + address;
    return out;
}

std::string added(std::string_view header) {
    const auto read = read_submission(header);
    return read ? missing_fields(*read, "s.1", "mail.example.org", kNow)
                : "? " + name_of(read.error());
}

std::string blind(std::string_view content) {
    const auto read = read_submission(content);
    return read ? blind_fields(*read, content) : "? " + name_of(read.error());
}

struct Case {
    std::string_view header;
    std::string_view want;
};

constexpr std::string_view kDate = "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n";
constexpr std::string_view kId = "Message-ID: <s.1@mail.example.org>\r\n";

TEST(Submission, SaysWhomTheMessageClaimsToBeFrom) {
    const Case cases[] = {
        {"From: ada@example.org\r\n\r\n", "ada@example.org"},
        {"FROM : Ada <ada@example.org>\r\nSubject: x\r\n\r\nFrom: eve@example.net\r\n",
         "ada@example.org"},
        {"From: Ada\r\n <ada@example.org>,\r\n\tbob@example.org\r\nSender: bob@example.org\r\n\r\n",
         "ada@example.org bob@example.org"},
        {"From: ada@example.org\r\nSender: Eve <eve@example.org>\r\n\r\n",
         "ada@example.org eve@example.org"},
        {"no field\r\nFrom: ada@example.org\r\n\r\n", "ada@example.org"},
        {"From: ada@example.org", "ada@example.org"},
        {"From: ada@example.org\r\nReply-To: anybody\r\nResent-From: x\r\n\r\n", "ada@example.org"},
    };
    for (const auto& c : cases) EXPECT_EQ(claimed(c.header), c.want) << c.header;
}

TEST(Submission, RefusesWhoseAuthorsCannotBeTold) {
    const Case cases[] = {
        {"", "? no_author"},
        {"\r\nFrom: ada@example.org\r\n", "? no_author"},
        {"Subject: x\r\n\r\n", "? no_author"},
        {"From:\r\n\r\n", "? bad_from"},
        {"From: ada\r\n\r\n", "? bad_from"},
        {"From: ada@example.org\r\nFrom: ada@example.org\r\n\r\n", "? several_from"},
        {"From: ada@example.org\r\nX: y\r\nfrom: eve@example.net\r\n\r\n", "? several_from"},
        {"From: ceo@bank.example <ada@example.org>\r\n\r\n", "? bad_from"},
        {"From: undisclosed:;\r\n\r\n", "? bad_from"},
        {"From: ada@example.org\r\nSender: x\r\n\r\n", "? bad_sender"},
        {"From: ada@example.org\r\nSender: a@example.org, b@example.org\r\n\r\n", "? bad_sender"},
        {"From: ada@example.org\r\nSender: a@example.org\r\nSender: a@example.org\r\n\r\n",
         "? several_sender"},
    };
    for (const auto& c : cases) EXPECT_EQ(claimed(c.header), c.want) << c.header;
}

TEST(Submission, AddsWhatIsMissing) {
    const std::string whole = std::string(kDate) + std::string(kId);
    const Case cases[] = {
        {"From: ada@example.org\r\n\r\n", whole},
        {"From: ada@example.org\r\nDate: x\r\nmessage-id: y\r\n\r\n", ""},
        {"From: ada@example.org\r\nDate: x\r\n\r\nMessage-ID: <in@the.body>\r\n", kId},
        {"From: ada@example.org\r\nMessage-ID: <a@b>\r\n\r\n", kDate},
        {"From: ada@example.org, bob@example.org\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\n",
         "Sender: ada@example.org\r\n"},
        {"From: a@example.org, b@example.org\r\nSender: b@example.org\r\nDate: x\r\n"
         "Message-ID: <a@b>\r\n\r\n",
         ""},
    };
    for (const auto& c : cases) EXPECT_EQ(added(c.header), c.want) << c.header;
}

TEST(Submission, FindsBlindRecipients) {
    const Case cases[] = {
        {"From: ada@example.org\r\nTo: bob@example.org\r\n\r\nBcc: in@the.body\r\n", ""},
        {"From: ada@example.org\r\nBcc: bob@example.org\r\nTo: x@example.org\r\n\r\n",
         "Bcc: bob@example.org\r\n"},
        {"bcc:\r\nFrom: ada@example.org\r\nBCC : bob@example.org,\r\n\teve@example.org\r\n"
         "Resent-Bcc: x@example.org\r\nX-Bcc: y\r\n\r\n",
         "bcc:\r\nBCC : bob@example.org,\r\n\teve@example.org\r\nResent-Bcc: x@example.org\r\n"},
        {"From: ada@example.org\r\nBcc: bob@example.org", "Bcc: bob@example.org\r\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(blind(c.header), c.want) << c.header;
}

} // namespace
} // namespace maild::delivery
