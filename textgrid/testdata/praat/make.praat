# praat --run make.praat    in this folder makes the TextGrids next to it (Praat 6.3.07).
form Where to save
  sentence folder .
endform
Create TextGrid: 0, 1.5, "words ""odd"" tones", "tones"
Set tier name: 2, """odd"""
Insert boundary: 1, 0.1
Insert boundary: 1, 1/3
Set interval text: 1, 1, "ice"
Set interval text: 1, 2, "she said ""no"""
Insert boundary: 2, 0.001
Set interval text: 2, 1, "two" + newline$ + "lines!"
Insert point: 3, 0.7, "H*"
Insert point: 3, 1.25, ""
@save: "ascii"
Set interval text: 1, 3, "ʃɪ 日本 😀"
Set tier name: 3, "tøner"
@save: "unicode"

procedure save: .name$
  Text writing preferences: "UTF-8"
  Save as text file: "'folder$'/'.name$'.long.utf8.TextGrid"
  Save as short text file: "'folder$'/'.name$'.short.utf8.TextGrid"
  Save as binary file: "'folder$'/'.name$'.binary.TextGrid"
  Text writing preferences: "UTF-16"
  Save as text file: "'folder$'/'.name$'.long.utf16.TextGrid"
  Save as short text file: "'folder$'/'.name$'.short.utf16.TextGrid"
endproc
