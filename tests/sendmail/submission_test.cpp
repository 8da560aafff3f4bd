// What waits in the maildrop.
#include "sendmail/submission.hpp"

#include <gtest/gtest.h>

namespace maild::sendmail {
namespace {

TEST(SpooledSubmission, RoundTrip) {
    Submission all{.sender = "ada@x.test",
                   .full_name = "Ada L.",
                   .notify = "NEVER",
                   .return_content = "HDRS",
                   .envelope_id = "a b",
                   .mails_errors = true,
                   .recipients = {"root", "b@x.test"},
                   .content = "To: root\r\n\r\nto evil\n\nx\r\n"};
    EXPECT_EQ(parse_spooled(format_spooled(all)), all);
    all.sender = "";
    EXPECT_EQ(parse_spooled(format_spooled(all)), all);
    const Submission least{.sender = {}, .recipients = {"root"}, .content = ""};
    EXPECT_EQ(parse_spooled(format_spooled(least)), least);
}

TEST(SpooledSubmission, NoValueMakesALine) {
    Submission odd{.sender = {}, .full_name = "a\nto evil@x.test", .recipients = {"root"}};
    const auto got = parse_spooled(format_spooled(odd));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->full_name, "a?to evil@x.test");
    EXPECT_EQ(got->recipients.size(), 1U);
}

TEST(SpooledSubmission, WhatIsNone) {
    for (const std::string file :
         {"", "\n", "maild-submission 1", "maild-submission 1\n", "maild-submission 1\n\nx",
          "maild-submission 1\nto a\n", "maild-submission 2\nto a\n\nx", "to a\n\nx"})
        EXPECT_FALSE(parse_spooled(file)) << file;
    const auto endless = "maild-submission 1\nto " + std::string(5'000, 'a') + "\n\n";
    EXPECT_FALSE(parse_spooled(endless));
    EXPECT_TRUE(parse_spooled("maild-submission 1\nlater x\nto a\n\nx"))
        << "keys of later versions";
}

} // namespace
} // namespace maild::sendmail
