#!/bin/bash
# Answers every request with one line.
exec perl -MIO::Socket::INET -e '
  $SIG{TERM} = sub { exit };
  my $server = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $ENV{PORT}, Listen => 64, ReuseAddr => 1) or die $!;
  while (my $client = $server->accept) {
    sysread $client, my $request, 4096;
    my $text = "Hello from a shell script";
    print $client "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", length $text, "\r\n\r\n", $text;
    close $client;
  }
'
