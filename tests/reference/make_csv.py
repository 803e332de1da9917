#!/usr/bin/env python3
"""Writes csv.json: texts of many dialects, and the fields that Python's csv module reads in them.

    python3 tests/reference/make_csv.py [FOLDER]

Python's reader is asked with strict=True and skipinitialspace=True. Two rules of ours are applied
to what it gives: lines without a field are left out, and no text has blanks behind a field that is
not quoted (Python keeps them, we do not)."""
import csv
import io
import json
import os
import random
import sys

BY_HAND = [
    (",", "a,b\n1,2\n"),
    (",", "a,b\n1,2"),
    (",", "a,b\r\n1,2\r\n"),
    (",", "a,b\r1,2\r"),
    (",", '"a","b"\n"1","2"\n'),
    (",", '"a,b",c\n"d\ne",f\n'),
    (",", '"a\r\nb",c\r\n"d",e\r\n'),
    (",", 'x,"a ""quoted"" word"\ny,""""\n'),
    (",", 'x,""""""\ny,"a"""\n'),
    (",", 'x,""\n"",y\n'),
    (",", 'a"b,c\nd,e"f"g\n'),
    (",", 'x,a""\ny,""""""""\n'),
    (",", "a, b\n c,   d\n"),
    (",", 'a, "b, c"\nd,  " e "\n'),
    (",", "\n\na,b\n\n\r\n1,2\n\n"),
    (",", ",\na,\n,b\n"),
    (",", ",,,\n,,,\na,,,d\n"),
    (",", '"a\n\n\nb",c\nd,e\n'),
    (",", "a;b,c\nd;e,f\n"),
    (";", "a;b\n1,5;2\n"),
    (";", 'a;"b;c"\n"d\ne";f\n'),
    ("\t", "a\tb\n1\t2\n"),
    ("\t", "a\t\n\tb\n"),
    ("\t", '"a\tb"\tc\nd\te f\n'),
    ("|", "a|b\n1|2\n"),
    ("|", 'a|"b|c"\n"d|"|e\n'),
    (":", "a:b\n1:2\n"),
    (",", "größe,ort\n1,Köln\n2,東京\n3,😀\n"),
    (",", "a,b,c\n1,\"multi\nline\nfield\",3\n"),
    (",", "'a,b'\nc,d\n"),
    (",", "a\\,b\nc\\\",d\n"),
    (",", "#a,b\n#c,d\n"),
    (",", "a,b\n" * 40),
    (",", '"' + "x" * 5000 + '",b\nc,d\n'),
    (",", ",".join(str(i) for i in range(300)) + "\n"),
    (",", "0,-0,+1,1e5,.5,5.\nx,1e,e5,0x10,1_0,--1\n"),
]

ALPHABET = ["a", "b", "ü", "東", "1", "-2.5", ",", ";", "|", "\t", '"', '""', "\n", "\r\n", " ", ""]


def field(generator, may_blank):
    text = "".join(generator.choice(ALPHABET) for _ in range(generator.randrange(5)))
    return text if may_blank else text.strip(" \t")


def written(generator):
    """A table as csv.writer writes it."""
    delimiter = generator.choice(",,,;|\t")
    quoting = generator.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
    columns = generator.randrange(2, 6)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting,
                        lineterminator=generator.choice(["\n", "\r\n", "\r"]))
    for _ in range(generator.randrange(1, 6)):
        writer.writerow([field(generator, quoting == csv.QUOTE_ALL) for _ in range(columns)])
    text = out.getvalue()
    return delimiter, text if generator.random() < 0.7 else text.rstrip("\r\n")


def read(delimiter, text):
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True,
                      skipinitialspace=True)
    return [row for row in rows if row]


def cases():
    generator = random.Random(4180)
    texts = list(BY_HAND)
    while len(texts) < 160:
        texts.append(written(generator))
    seen = set()
    for delimiter, text in texts:
        rows = read(delimiter, text)
        if (delimiter, text) in seen or not rows or len({len(row) for row in rows}) != 1:
            continue
        # A line of blanks only is left out here and kept there, and so is a row of one empty field.
        if any(len(row) == 1 and row[0].strip(" \t") == "" for row in rows):
            continue
        seen.add((delimiter, text))
        yield {"delimiter": delimiter, "text": text, "rows": rows}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    found = list(cases())
    with open(os.path.join(folder, "csv.json"), "w", encoding="utf-8") as out:
        out.write("[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n")
    print(len(found), "cases")


main()
