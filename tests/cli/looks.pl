# What a report for a browser and the terminal draw, held against the numbers of the JSON: bars,
# pictures, what pictures are called for those who do not see them, and where numbers come from.
#
# perl looks.pl REPORT PART NUMBERS COLOURED PLAIN: the report, the part of it ("sample", or "0 3" for
# unit 3 of layer 0), the JSON as lines of path and value, and the terminal's text with and without
# colours. Prints what is wrong, then how many bars and pixels of each sign there were.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

my ($report, $part, $numbers, $coloured, $plain) = @ARGV;
my (%value, %shown, %shape);
$shown{$_} = 0 for qw(plus minus bright dark places);

sub text_of {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!";
    local $/;
    return <$file>;
}

for (split /\n/, text_of($numbers)) {
    my ($path, $value) = split /\t/, $_, 2;
    $value{$path} = $value;
}
my $html = text_of($report);
while ($html =~ m{<symbol id=(d\d+) viewBox="[^"]*">(.*?)</symbol>}gs) { $shape{$1} = $2 }

# The part alone.
if ($part eq 'sample') {
    $html =~ s{.*?<section id=s0}{}s;
    $html =~ s{<h3>Layer by layer.*}{}s;
} else {
    my ($layer, $unit) = split / /, $part;
    $html =~ s{.*?<details data-layer=$layer data-unit=$unit>}{}s or die "no unit $part";
    $html =~ s{\n(<details|<h2|<h3|<section|</section).*}{}s;
}
my @lines = split /\n/, text_of($coloured);
my @plain = split /\n/, text_of($plain);

sub wrong { print "$part: @_\n" }

sub plain_text {
    my ($text) = @_;
    $text =~ s/<[^>]*>//g;
    $text =~ s/−/-/g;
    $text =~ s/&#(\d+);/chr $1/ge;
    return $text;
}

sub without_colours {
    my ($text) = @_;
    $text =~ s/\e\[[0-9;]*m//g;
    return $text;
}

# "blue", "orange" or "black", by the red and blue of one of the 256 colours' cube.
sub colour_name {
    my ($number) = @_;
    return 'black' if $number == 16;
    my ($red, $blue) = (int(($number - 16) / 36), ($number - 16) % 6);
    return $blue > $red ? 'blue' : $red > $blue ? 'orange' : "colour $number";
}

sub largest {
    my $most = 0;
    for (@_) { $most = abs if abs > $most }
    return $most;
}

# ------------------------------------------------------------------------------------------ Bars

# Rows with a bar: texts and paths of their cells, and the bar in percent with its sign.
sub rows_of {
    my ($table) = @_;
    my @rows;
    for my $row (split /<tr>/, $table) {
        $row =~ /<i class=(plus|minus) style=width:(\d+)%>/ or next;
        my %row = (bar => $1 eq 'plus' ? $2 : -$2);
        for my $cell (split /<td/, $row) {
            next if $cell =~ /^ class=b/ or $cell !~ /^[^>]*>(.*)/s;
            push @{$row{texts}}, plain_text($1);
            push @{$row{paths}}, $cell =~ /data-path="([^"]*)"/ ? $1 : '';
        }
        push @rows, \%row;
    }
    return @rows;
}

# Whether the bars are as long as the numbers of a column, and have their signs.
sub are_of_column {
    my ($column, @rows) = @_;
    my @values = map { $value{$_->{paths}[$column] // ''} // 'none' } @rows;
    return if grep { !/^-?[0-9.]+(e[-+]?\d+)?$/i } @values;
    my $most = largest(@values) or return;
    for my $i (0 .. $#rows) {
        return if abs(100 * $values[$i] / $most - $rows[$i]{bar}) > 0.51;
    }
    return map { $_ / $most } @values;
}

# A row's bar in the terminal: its length there and its sign, as drawn and as coloured.
my $next_line = 0;

sub check_line {
    my ($row, $expected) = @_;
    my $wanted = join '\s+', map { quotemeta } grep { $_ ne '' } @{$row->{texts}};
    while ($next_line < @lines && without_colours($lines[$next_line]) !~ /^ *$wanted(?= |$)/) {
        $next_line++;
    }
    $next_line < @lines or return wrong("no line '$wanted' in the terminal");
    my $line = $lines[$next_line++];
    $line =~ /\e\[38;5;(\d+)m(◄?)(█*)([▏▎▍▌▋▊▉]?)(\e\[0m)?$/ or return wrong("no bar in: $line");
    my $length = length($2) + length($3) + index(' ▏▎▍▌▋▊▉', $4) / 8;
    my $is_negative = $2 ne '';
    wrong("another sign in: $line") if $is_negative != ($expected < 0);
    wrong("another colour in: $line") if colour_name($1) ne ($expected < 0 ? 'orange' : 'blue');
    wrong("another length in: $line") if abs($length - 40 * abs $expected) > 1;
}

while ($html =~ m{<table>(.*?)</table>}gs) {
    my @rows = rows_of($1) or next;
    my @values;
    for my $column (0 .. $#{$rows[0]{paths}}) {
        @values = are_of_column($column, @rows) and last;
    }
    @values or wrong('bars that no column explains: ' . join ' | ', @{$rows[0]{texts}});
    for my $i (0 .. $#values) {
        $shown{$values[$i] < 0 ? 'minus' : 'plus'}++;
        check_line($rows[$i], $values[$i]);
    }
}

# -------------------------------------------------------------------------------------- Pictures

# The strengths of the inks, by pixel.
sub drawn {
    my ($svg, $width) = @_;
    my %pixel;
    while ($svg =~ m{<use href="#(d\d+)" class=(\w+)}g) {
        my ($id, $ink) = ($1, $2);
        while ($shape{$id} =~ m{<path class=k(\d+) d="([^"]*)"/>}g) {
            my ($shade, $path) = ($1, $2);
            while ($path =~ /M(\d+) (\d+)h(\d+)/g) {
                $pixel{$2 * $width + $_} .= "$ink $shade" for $1 .. $1 + $3 - 1;
            }
        }
    }
    return \%pixel;
}

# The same from the numbers: 24 strengths.
sub expected_ink {
    my ($value, $is_signed, $low, $most) = @_;
    my $shade = $is_signed ? abs($value) / $most : ($value - $low) / ($most - $low);
    $shade = int(24 * $shade + 0.5) or return '';
    return ($is_signed ? $value > 0 ? 'plus' : 'minus' : 'ink') . " $shade";
}

# The lines under a caption, up to the legend of colours.
sub lines_under {
    my ($caption, @from) = @_;
    while (@from && without_colours($from[0]) ne $caption) { shift @from }
    shift @from;
    my @found;
    push @found, shift @from while @from && $from[0] !~ /positive/;
    return (\@found, without_colours($from[0] // ''));
}

# Two pixels in a character, the upper one above.
sub check_colours {
    my ($caption, $width, $values, $most) = @_;
    my ($found, $legend) = lines_under($caption, @lines);
    my $height = @$values / $width;
    $legend eq 'blue positive, orange negative, black zero' or return wrong("legend '$legend'");
    @$found == int(($height + 1) / 2) or return wrong(scalar(@$found) . " lines of $caption");
    for my $line (0 .. $#$found) {
        my @points = $found->[$line] =~ /\e\[38;5;(\d+);48;5;(\d+)m▀/g;
        @points == 2 * $width or return wrong("width of $caption");
        for my $i (0 .. $#points) {
            my $pixel = (2 * $line + $i % 2) * $width + int($i / 2);
            my $value = $pixel < @$values ? $values->[$pixel] / $most : 0;
            my $wanted = int(10 * abs($value) + 0.5) == 0 ? 'black' : $value > 0 ? 'blue' : 'orange';
            my $is = colour_name($points[$i]);
            wrong("pixel $pixel of $caption is $is, not $wanted") if $is ne $wanted;
        }
    }
}

# Without colours the larger of the two, by its sign.
sub check_signs {
    my ($caption, $width, $values, $most) = @_;
    my ($found, $legend) = lines_under($caption, @plain);
    $legend eq '+*#█ positive, -=%▓ negative, blank near zero' or return wrong("legend '$legend'");
    for my $i (0 .. @$found * $width - 1) {
        my $upper = 2 * int($i / $width) * $width + $i % $width;
        my ($one, $other) = map { $_ / $most } $values->[$upper], $values->[$upper + $width] // 0;
        my $value = abs($one) >= abs($other) ? $one : $other;
        my $level = int(4 * abs($value) + 0.5);
        my $wanted = $level == 0 ? ' ' : substr $value > 0 ? '+*#█' : '-=%▓', $level - 1, 1;
        my $is = substr $found->[$i / $width] . ' ' x $width, $i % $width, 1;
        wrong("place $i of $caption is '$is', not '$wanted'") if $is ne $wanted;
    }
}

my $figure = '<figure><svg [^>]*viewBox="0 0 (\d+) (\d+)" aria-label="([^"]*)">(.*?)</svg>'
    . '<figcaption>(.*?)</figcaption>';
while ($html =~ m{$figure}gs) {
    my ($width, $height, $label, $svg, $caption) = ($1, $2, plain_text($3), $4, $5);
    my @paths = $caption =~ /data-path="([^"]*)"/g;
    my $is_signed = $paths[-1] =~ /\[\d+\]$/;
    my $array = $is_signed ? $paths[-1] =~ s/\[\d+\]$//r : $paths[-1] =~ s/_largest$//r;
    my @values = map { $value{"${array}[$_]"} // die "no ${array}[$_]" } 0 .. $width * $height - 1;
    my ($low) = sort { $a <=> $b } @values, 0;
    my ($high) = sort { $b <=> $a } @values;
    my $most = $is_signed ? largest(@values) : $high;
    my $pixels = drawn($svg, $width);
    $caption = plain_text($caption);
    wrong("a picture is called '$label', not '$caption'") if $label ne $caption || $label !~ /\w/;
    for my $i (0 .. $#values) {
        my $wanted = expected_ink($values[$i], $is_signed, $low, $most);
        my $is = $pixels->{$i} // '';
        wrong("pixel $i of $array is '$is', not '$wanted'") if $is ne $wanted;
        $shown{bright}++ if $is =~ /^plus/;
        $shown{dark}++ if $is =~ /^minus/;
    }
    if ($is_signed) {
        check_colours($caption, $width, \@values, $most);
        check_signs($caption, $width, \@values, $most);
    }
}

# --------------------------------------------------------------------------------------- Sources

my %letter = (data => 'i', setting => 's', engine => 'e', engine64 => 'l', double => 'r', count => 'c');
while ($html =~ m{<(?:span|td) class="?(?:n )?(\w)"? data-path="([^"]*)">([^<]*)}g) {
    my ($is, $path, $text) = ($1, $2, $3);
    my $member = $path =~ s/\[\d+\]/[]/gr;
    my $source = $value{"sources.$member"} // 'none';
    # A place in a list is a count, whatever the list holds.
    next if $is eq 'c' && $path =~ /\[\Q$text\E\]$/;
    wrong("$path is marked '$is', and comes from $source") if ($letter{$source} // '') ne $is;
    $shown{places}++;
}
print join(' ', map { "$_ $shown{$_}" } sort keys %shown), "\n";
