// SPDX-License-Identifier: Apache-2.0
// Techmap for FPGAs: every sum and difference becomes one carry chain ($alu) before the tool can merge them into compressor trees.
(* techmap_celltype = "$add $sub" *)
module carry_chain (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam minus = _TECHMAP_CELLTYPE_ == "$sub";
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire [Y_WIDTH-1:0] unused_x, unused_carries;
  \$alu #(
    .A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .B_SIGNED(B_SIGNED), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)
  ) _TECHMAP_REPLACE_ (.A(A), .B(B), .Y(Y), .CI(minus), .BI(minus), .X(unused_x), .CO(unused_carries));
endmodule
