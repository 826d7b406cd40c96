// SPDX-License-Identifier: Apache-2.0
// IHP SG13G2: the flip-flop has a reset, which the units do not use.
module \$_DFF_P_ (input C, input D, output Q);
  sg13g2_dfrbpq_1 _TECHMAP_REPLACE_ (.CLK(C), .D(D), .Q(Q), .RESET_B(1'b1));
endmodule
