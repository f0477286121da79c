#include "lightly/data/download.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lightly/data/cifar10.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// RFC 1321, A.5.
constexpr const char* kAlphabet = "abcdefghijklmnopqrstuvwxyz";
constexpr const char* kAlphabetMd5 = "c3fcd3d76192e4007dfb496cca67e13b";

// Answers one request on a port of the loopback interface with fixed bytes, and closes.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, length) != 0 || ::listen(socket_, 1) != 0 ||
        ::getsockname(socket_, generic, &length) != 0) {
      throw std::runtime_error("OneAnswer: cannot listen on the loopback interface");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }

  ~OneAnswer() {
    // Wakes an accept() that nobody called.
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/file.bin"; }

 private:
  void serve() const {
    const int connection = ::accept(socket_, nullptr, nullptr);
    if (connection < 0) {
      return;
    }
    std::string request;
    char buffer[1024];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(connection, buffer, sizeof(buffer), 0);
      if (count <= 0) {
        break;
      }
      request.append(buffer, static_cast<std::size_t>(count));
    }
    std::size_t sent = 0;
    while (sent < answer_.size()) {
      const ssize_t count =
          ::send(connection, answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) {
        break;
      }
      sent += static_cast<std::size_t>(count);
    }
    ::close(connection);
  }

  std::string answer_;
  int socket_;
  int port_ = 0;
  std::thread thread_;
};

std::string answer(const std::string& status, std::size_t length, const std::string& body,
                   const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(length) + "\r\n" + fields +
         "Connection: close\r\n\r\n" + body;
}

std::string ok(const std::string& body) {
  return answer("200 OK", body.size(), body);
}

TEST(Download, WritesTheFileWhoseSumIsRight) {
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "old");
  const OneAnswer server(ok(kAlphabet));
  download(server.url(), folder / "a.bin", {.md5 = kAlphabetMd5});
  EXPECT_EQ(read_file(folder / "a.bin"), kAlphabet);
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(Download, ReportsProgressUpToTheTotal) {
  const TemporaryFolder folder;
  const std::string body(3'000'000, 'x');
  const OneAnswer server(ok(body));
  std::vector<std::pair<std::int64_t, std::int64_t>> calls;
  download(server.url(), folder / "a.bin",
           {.progress = [&](std::int64_t received, std::int64_t total) {
             calls.emplace_back(received, total);
           }});
  EXPECT_EQ(read_file(folder / "a.bin"), body);
  ASSERT_FALSE(calls.empty());
  EXPECT_EQ(calls.back(), std::make_pair(std::int64_t{3'000'000}, std::int64_t{3'000'000}));
  EXPECT_TRUE(std::is_sorted(calls.begin(), calls.end()));
}

TEST(Download, AnHttpErrorNamesUrlAndCodeAndLeavesNothing) {
  const TemporaryFolder folder;
  const OneAnswer server(answer("404 Not Found", 9, "not found"));
  EXPECT_THAT(error_text([&] { download(server.url(), folder / "a.bin"); }),
              AllOf(StartsWith("download: cannot get " + server.url() + ": "), HasSubstr("404")));
  EXPECT_EQ(count_files(folder.path()), 0U);
}

TEST(Download, AConnectionClosedMidwayLeavesNothing) {
  const TemporaryFolder folder;
  const OneAnswer server(answer("200 OK", 1000, std::string(500, 'x')));
  EXPECT_THAT(error_text([&] { download(server.url(), folder / "a.bin"); }),
              AllOf(HasSubstr(server.url()), HasSubstr("500 bytes remaining")));
  EXPECT_EQ(count_files(folder.path()), 0U);
}

TEST(Download, AWrongSumKeepsTheOldFileAndNamesBothSums) {
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "old");
  const OneAnswer server(ok(kAlphabet));
  EXPECT_EQ(error_text([&] { download(server.url(), folder / "a.bin", {.md5 = Cifar10::kMd5}); }),
            "download: " + server.url() + " must have the MD5 " + Cifar10::kMd5 + ", got " +
                kAlphabetMd5);
  EXPECT_EQ(read_file(folder / "a.bin"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(Download, WhatTheProgressCallbackThrowsReachesTheCaller) {
  const TemporaryFolder folder;
  const OneAnswer server(ok(kAlphabet));
  EXPECT_EQ(error_text([&] {
              download(server.url(), folder / "a.bin", {.progress = [](std::int64_t, std::int64_t) {
                         throw std::runtime_error("stopped by the user");
                       }});
            }),
            "stopped by the user");
  EXPECT_EQ(count_files(folder.path()), 0U);
}

TEST(Download, RefusedConnectionsAndOtherProtocolsAreErrors) {
  const TemporaryFolder folder;
  std::string url;
  {
    const OneAnswer server("");
    url = server.url();
  }
  EXPECT_THAT(error_text([&] { download(url, folder / "a.bin"); }),
              StartsWith("download: cannot get " + url + ": "));
  write_file(folder / "secret", "x");
  const std::string local = "file://" + (folder / "secret").string();
  EXPECT_THAT(error_text([&] { download(local, folder / "a.bin"); }),
              StartsWith("download: cannot get " + local + ": "));
  const OneAnswer server(answer("302 Found", 0, "", "Location: " + local + "\r\n"));
  EXPECT_THAT(error_text([&] { download(server.url(), folder / "a.bin"); }),
              StartsWith("download: cannot get " + server.url() + ": "));
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(Download, AnUnwritableFolderIsNamed) {
  EXPECT_THAT(error_text([] { download("http://127.0.0.1:1/x", "/nonexistent/a.bin"); }),
              HasSubstr("cannot create /nonexistent/a.bin"));
}

TEST(Download, RejectsIllegalOptions) {
  const auto error = [](const DownloadOptions& options) {
    return error_text([&] { download("http://127.0.0.1:1/x", "a.bin", options); });
  };
  EXPECT_EQ(error({.md5 = "123"}), "download: md5 must have 32 hexadecimal digits, got 123");
  EXPECT_THAT(error({.md5 = std::string(32, 'g')}), HasSubstr("hexadecimal"));
  EXPECT_EQ(error({.connect_timeout_seconds = 0.0}),
            "download: connect_timeout_seconds must be > 0 and finite, got 0");
  EXPECT_EQ(error({.stall_timeout_seconds = 0}),
            "download: stall_timeout_seconds must be >= 1, got 0");
}

}  // namespace
}  // namespace lightly::data
