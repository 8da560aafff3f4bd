// Command lines as real callers write them.
#include "sendmail/arguments.hpp"

#include <gtest/gtest.h>

namespace maild::sendmail {
namespace {

std::expected<Invocation, std::string> parse(std::vector<const char*> words,
                                             std::string_view name = "sendmail") {
    return parse_arguments(name, words);
}

// What was understood, in words.
std::string said(const std::vector<const char*>& words, std::string_view name = "sendmail") {
    const auto got = parse(words, name);
    if (!got) return "refused: " + got.error();
    constexpr std::string_view kModes[] = {"submit", "speak", "verify", "flush", "list"};
    std::string out(kModes[static_cast<std::size_t>(got->mode)]);
    if (got->reads_recipients) out += " -t";
    if (!got->dot_ends) out += " -i";
    if (got->mails_errors) out += " -oem";
    if (got->sender) out += " from <" + *got->sender + ">";
    if (!got->full_name.empty()) out += " name '" + got->full_name + "'";
    if (!got->notify.empty()) out += " notify " + got->notify;
    if (!got->return_content.empty()) out += " return " + got->return_content;
    if (!got->envelope_id.empty()) out += " id " + got->envelope_id;
    for (const auto& recipient : got->recipients) out += " to " + recipient;
    return out;
}

struct Case {
    const char* name;
    std::vector<const char*> words;
    std::string want;
};

TEST(SendmailArguments, OfCallersThatThereAre) {
    const Case cases[] = {
        {"cron",
         {"-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"},
         "submit -t -i -oem from <root> name 'CronDaemon'"},
        {"PHP", {"-t", "-i"}, "submit -t -i"},
        {"mailx", {"-i", "root"}, "submit -i to root"},
        {"s-nail",
         {"-i", "-r", "ada@example.org", "--", "bob@example.org"},
         "submit -i from <ada@example.org> to bob@example.org"},
        {"mutt",
         {"-oem", "-oi", "-f", "ada@example.org", "--", "bob@example.org"},
         "submit -i -oem from <ada@example.org> to bob@example.org"},
        {"mutt with DSN",
         {"-oi", "-N", "failure,delay", "-R", "hdrs", "--", "bob@a.test"},
         "submit -i notify FAILURE,DELAY return HDRS to bob@a.test"},
        {"git send-email",
         {"-i", "-f", "a@b.test", "c@d.test", "e@f.test"},
         "submit -i from <a@b.test> to c@d.test to e@f.test"},
        {"Nagios", {"-bm", "-oi", "-B8BITMIME", "admin"}, "submit -i to admin"},
        {"alpine", {"-bs", "-odb", "-oem"}, "speak -oem"},
        {"Perl's Mail::Sendmail", {"-oi", "-odi", "-oem", "-t"}, "submit -t -i -oem"},
    };
    for (const auto& [name, words, want] : cases) EXPECT_EQ(said(words), want) << name;
}

TEST(SendmailArguments, Forms) {
    const Case cases[] = {
        {"letters in one word", {"-tiv"}, "submit -t -i"},
        {"value in the same word", {"-fada", "bob"}, "submit from <ada> to bob"},
        {"value in the next word", {"-f", "ada", "bob"}, "submit from <ada> to bob"},
        {"letters before a value", {"-tif", "ada"}, "submit -t -i from <ada>"},
        {"null reverse-path", {"-f", "<>", "bob"}, "submit from <> to bob"},
        {"null reverse-path, empty", {"-f", "", "bob"}, "submit from <> to bob"},
        {"options behind recipients", {"bob", "-i"}, "submit -i to bob"},
        {"recipient with a dash", {"--", "-bob"}, "submit to -bob"},
        {"queue", {"-q"}, "flush"},
        {"list", {"-bp"}, "list"},
        {"verify", {"-bv", "ada", "bob"}, "verify to ada to bob"},
        {"return", {"-R", "Full", "bob"}, "submit return FULL to bob"},
        {"envelope id", {"-V", "x=1", "bob"}, "submit id x=1 to bob"},
        {"harmless ones",
         {"-v",  "-U", "-G", "-n",    "-odb", "-oo", "-L", "tag",       "-O", "DeliveryMode=b",
          "-Am", "-h", "3",  "-d0.1", "-C",   "/x",  "-X", "/dev/null", "-p", "UUCP",
          "bob"},
         "submit to bob"},
        {"-O ignores dots", {"-O", "IgnoreDots=True", "bob"}, "submit -i to bob"},
        {"errors to the terminal", {"-oem", "-oep", "bob"}, "submit to bob"},
        {"-e", {"-em", "bob"}, "submit -oem to bob"},
    };
    for (const auto& [name, words, want] : cases) EXPECT_EQ(said(words), want) << name;
}

TEST(SendmailArguments, RefusedWithWords) {
    const Case cases[] = {
        {"nobody", {}, "no recipients"},
        {"nobody to verify", {"-bv"}, "no recipients"},
        {"daemon", {"-bd", "-q30m"}, "-bd: the daemon is maild"},
        {"aliases", {"-bi"}, "mailctl alias add"},
        {"aliases, old", {"-I"}, "mailctl alias add"},
        {"address test", {"-bt"}, "-bt is no mode"},
        {"part of the queue", {"-qRexample.org"}, "mailctl queue retry"},
        {"no value", {"-t", "-f"}, "-f wants a value"},
        {"unknown letter", {"-Z", "bob"}, "there is no option -Z"},
        {"unknown word", {"--frobnicate", "bob"}, "there is no option --frobnicate"},
        {"notify", {"-N", "sometimes", "bob"}, "-N wants"},
        {"notify never and more", {"-N", "never,delay", "bob"}, "-N wants"},
        {"notify nothing", {"-N", "", "bob"}, "-N wants"},
        {"return", {"-R", "half", "bob"}, "-R wants"},
        {"verify with -t", {"-bv", "-t", "bob"}, "-t does not go with -bv"},
    };
    for (const auto& [name, words, want] : cases) {
        const auto got = said(words);
        EXPECT_TRUE(got.starts_with("refused: ") && got.contains(want)) << name << ": " << got;
    }
}

TEST(SendmailArguments, NamesOfTheProgram) {
    EXPECT_EQ(said({}, "mailq"), "list");
    EXPECT_TRUE(said({}, "newaliases").contains("mailctl alias add"));
}

TEST(SendmailArguments, OtherPaths) {
    const auto got = parse({"--socket=/s", "--maildrop=/d", "bob"});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->socket, "/s");
    EXPECT_EQ(got->maildrop, "/d");
}

} // namespace
} // namespace maild::sendmail
