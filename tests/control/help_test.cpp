#include "control/help.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

namespace maild::control {
namespace {

TEST(CommandTable, IsConsistent) {
    std::set<std::string_view> names;
    for (const auto& command : commands()) {
        EXPECT_TRUE(names.insert(command.name).second) << command.name;
        EXPECT_FALSE(command.summary.empty()) << command.name;
        EXPECT_FALSE(command.summary.ends_with('.')) << command.name;
        for (std::size_t i = 0; i + 1 < command.parameters.size(); ++i) {
            EXPECT_EQ(command.parameters[i].count, Count::one)
                << command.name << ": only the last may be left out";
        }
        EXPECT_TRUE(command.example.empty() || command.example.starts_with("mailctl "))
            << command.name;
        for (const auto& option : command.options) {
            EXPECT_TRUE(std::ranges::none_of(
                global_options(), [&](const Option& o) { return o.name == option.name; }));
        }
    }
}

TEST(Help, NamesEveryCommand) {
    const auto text = overview("");
    for (const auto& command : commands())
        EXPECT_NE(text.find(command.name), std::string::npos) << command.name;
    EXPECT_EQ(overview("alias").find("domain add"), std::string::npos);
    EXPECT_NE(help_for(*find_command("account add")).find("--quota SIZE"), std::string::npos);
}

int run(const std::string& command) {
    return std::system(command.c_str());
} // tests only: our own files

TEST(Manual, PassesMandoc) {
    if (run("command -v mandoc >/dev/null") != 0) GTEST_SKIP() << "mandoc is not installed";
    const test::TempDir dir;
    std::ofstream(dir / "mailctl.8") << manual_of_all();
    std::string pages = dir / "mailctl.8";
    for (const auto& command : commands()) {
        std::string name(command.name);
        std::ranges::replace(name, ' ', '-');
        std::ofstream(dir / ("mailctl-" + name + ".8")) << manual_for(command);
        pages += " " + (dir / ("mailctl-" + name + ".8"));
    }
    // References to pages that are not installed yet are no fault of the text.
    EXPECT_NE(run("mandoc -T lint -W style " + pages + " | grep -v 'referenced manual not found'"),
              0);
}

TEST(Completion, OffersVerbsAndOptions) {
    const test::TempDir dir;
    std::ofstream(dir / "completion") << bash_completion();
    const auto complete = [&](const std::string& words, const std::string& want) {
        return run("bash -c '. " + (dir / "completion") + "; COMP_WORDS=(" + words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mailctl; "
                   "printf \"%s\\n\" \"${COMPREPLY[@]}\"' | grep -qx -- " +
                   want);
    };
    EXPECT_EQ(complete("mailctl dom", "domain"), 0);
    EXPECT_EQ(complete("mailctl domain al", "alias"), 0);
    EXPECT_EQ(complete("mailctl account add --q", "--quota"), 0);
    EXPECT_EQ(complete("mailctl domain list --j", "--json"), 0);
    EXPECT_NE(complete("mailctl domain list --q", "--quota"), 0);
}

} // namespace
} // namespace maild::control
